#!/usr/bin/env bash
# Runs the verbs of kind "sagemaker" at a real account: it costs some cents, and takes half
# an hour. The image of examples/iris is built and pushed, unless IMAGE names one of it.
#
#   hack/sagemaker-account.sh REPOSITORY EXECUTION_ROLE S3_PREFIX
#
# DEPLOYFILE is the program, by default that on PATH; INSTANCE_TYPE that of instances. What
# it has made is deleted at its end, however it ends; the image and the log stay.
. "$(dirname "$0")/account.sh"

[ $# -eq 3 ] || die "usage: hack/sagemaker-account.sh REPOSITORY EXECUTION_ROLE S3_PREFIX"

prepare aws sagemaker "$1" <<END
execution-role = "$2"
storage        = "$3"
instance-type  = "${INSTANCE_TYPE:-ml.m5.large}"
END
verbs

say "a batch"
printf '%s\n' 'sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)' 5.1,3.5,1.4,0.2 >"$tmp/rows.csv"
at predict --target aws --batch "$tmp/rows.csv" "$tmp/answers.jsonl"
[ "$(cat "$tmp/answers.jsonl")" = 0 ] || die "the answers are: $(cat "$tmp/answers.jsonl")"

gone
