#!/usr/bin/env bash
# Runs the verbs of kind "azureml" at a real workspace: it costs some cents, and takes an
# hour or so. The image of examples/iris is built and pushed, unless IMAGE names one of it.
#
#   hack/azureml-account.sh REPOSITORY SUBSCRIPTION RESOURCE_GROUP WORKSPACE
#
# DEPLOYFILE is the program, by default that on PATH; INSTANCE_TYPE that of instances. ROWS is
# azureml://datastores/NAME/paths/PATH.csv, a file with the columns of examples/iris, which a
# batch then scores; its answers stay beside it, in PATH-answers.jsonl. What else is made is
# deleted at the end, however that comes; the image and the job stay.
. "$(dirname "$0")/account.sh"

[ $# -eq 4 ] || die "usage: hack/azureml-account.sh REPOSITORY SUBSCRIPTION RESOURCE_GROUP WORKSPACE"

prepare azure azureml "$1" <<END
subscription   = "$2"
resource-group = "$3"
workspace      = "$4"
instance-type  = "${INSTANCE_TYPE:-Standard_DS3_v2}"
END
verbs

if [ -n "${ROWS:-}" ]; then
	say "a batch"
	at predict --target azure --batch "$ROWS" "${ROWS%.csv}-answers.jsonl"
fi

gone
