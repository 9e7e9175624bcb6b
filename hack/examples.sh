#!/usr/bin/env bash
# Makes the model folder of every example again with real MLflow. Only the time
# of creation and the ids that MLflow draws differ from one making to the next.
. "$(dirname "$0")/lib.sh"

python=$("$root/hack/venv.sh")
scratch
# Offline, with nothing tracked: what MLflow writes of itself goes to $tmp.
export MLFLOW_TRACKING_URI=sqlite:///$tmp/mlflow.db MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true
export PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0

for script in "$root"/examples/*/make_model.py; do
	folder=$(dirname "$script")
	say "examples/$(basename "$folder")"
	cd "$folder"
	quietly "$python" make_model.py || die "$script failed (above)"
	if found=$(grep -rlF -e "$root" -e "$tmp" -e "$HOME" "$folder/model"); then
		die "a path of this machine is in $found"
	fi
done
