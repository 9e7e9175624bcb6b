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
. "$(dirname "$0")/lib.sh"

[ $# -eq 4 ] || die "usage: hack/azureml-account.sh REPOSITORY SUBSCRIPTION RESOURCE_GROUP WORKSPACE"
program=${DEPLOYFILE:-deployfile}
command -v "$program" >/dev/null || die "there is no $program: run make build, and set DEPLOYFILE=bin/deployfile"

scratch
project=$tmp/iris
cp -R "$root/examples/iris" "$project"
cat >>"$project/Deployfile" <<END

[targets.azure]
kind           = "azureml"
endpoint       = "deployfile-$(basename "$tmp" | tr '[:upper:]' '[:lower:]')"
image          = "$1"
subscription   = "$2"
resource-group = "$3"
workspace      = "$4"
instance-type  = "${INSTANCE_TYPE:-Standard_DS3_v2}"
strategy       = "canary"
weight         = 50
env            = { ATTEMPT = "1" }
END
input=$project/model/serving_input_example.json
image=()
[ -z "${IMAGE:-}" ] || image=(--image "$IMAGE")

# attempt N: changes a variable of the server, and so the release.
attempt() {
	local text
	text=$(sed "s/ATTEMPT = .*/ATTEMPT = \"$1\" }/" "$project/Deployfile")
	printf '%s\n' "$text" >"$project/Deployfile"
}

# at COMMAND ARG...: runs the program in the project.
at() {
	say "deployfile $*"
	"$program" "$@" -C "$project"
}

# expect TEXT COMMAND...: what the command prints must have the text.
expect() {
	local text=$1 out
	shift
	out=$("$@") || die "$* failed"
	[[ $out == *"$text"* ]] || die "$* says: $out"
}

finish() {
	local code=$?
	at delete azure --yes || code=1
	rm -rf "$tmp"
	exit "$code"
}
trap finish EXIT

[ -n "${IMAGE:-}" ] || at lock
at deploy azure "${image[@]}"
expect predictions at predict --target azure -i "$input"
at diff --target azure "${image[@]}"
at logs azure --tail 5

say "a canary is promoted"
attempt 2
at deploy azure "${image[@]}"
expect predictions at predict --target azure --track next -i "$input"
expect predictions at predict --target azure --track live -i "$input"
at promote azure

say "another is given up"
attempt 3
at deploy azure "${image[@]}"
at rollback azure
expect predictions at predict --target azure -i "$input"

if [ -n "${ROWS:-}" ]; then
	say "a batch"
	at predict --target azure --batch "$ROWS" "${ROWS%.csv}-answers.jsonl"
fi

at delete azure --yes
expect '[]' at list azure --json
say "all of it works, and nothing is left"
