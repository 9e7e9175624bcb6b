#!/bin/sh
# Builds an image of the model that the alias in [model] source stands for now, if that is
# another one than the lock has: on a schedule, or started by webhook.py. Runs in a checkout
# of the project, with a login to the registry of the variable IMAGE, the variables of the
# MLflow server, and a git that may push.
set -eu
findings=$(deployfile check --json)
case $findings in
*'"moved-model"'*) ;;
*) echo "no model has moved" && exit 0 ;;
esac
deployfile lock --upgrade-model
deployfile build --locked --push --tag "$IMAGE"
git commit --quiet --message "Take the model that its alias stands for now" -- Deployfile.lock pylock*.toml
git push --quiet
# To deploy it as well: deployfile deploy TARGET
