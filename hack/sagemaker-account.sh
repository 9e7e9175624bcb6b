#!/usr/bin/env bash
# Runs the verbs of kind "sagemaker" at a real account: it costs some cents, and takes half
# an hour. The image of examples/iris is built and pushed, unless IMAGE names one of it.
#
#   hack/sagemaker-account.sh REPOSITORY EXECUTION_ROLE S3_PREFIX
#
# DEPLOYFILE is the program, by default that on PATH; INSTANCE_TYPE that of instances. What
# it has made is deleted at its end, however it ends; the image and the log stay.
. "$(dirname "$0")/lib.sh"

[ $# -eq 3 ] || die "usage: hack/sagemaker-account.sh REPOSITORY EXECUTION_ROLE S3_PREFIX"
program=${DEPLOYFILE:-deployfile}
command -v "$program" >/dev/null || die "there is no $program: run make build, and set DEPLOYFILE=bin/deployfile"

scratch
project=$tmp/iris
cp -R "$root/examples/iris" "$project"
cat >>"$project/Deployfile" <<END

[targets.aws]
kind           = "sagemaker"
endpoint       = "deployfile-$(basename "$tmp" | tr '[:upper:]' '[:lower:]')"
image          = "$1"
execution-role = "$2"
storage        = "$3"
instance-type  = "${INSTANCE_TYPE:-ml.m5.large}"
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
	at delete aws --yes || code=1
	rm -rf "$tmp"
	exit "$code"
}
trap finish EXIT

[ -n "${IMAGE:-}" ] || at lock
at deploy aws "${image[@]}"
expect predictions at predict --target aws -i "$input"
at diff --target aws "${image[@]}"

say "a canary is promoted"
attempt 2
at deploy aws "${image[@]}"
expect predictions at predict --target aws --track next -i "$input"
expect predictions at predict --target aws --track live -i "$input"
at promote aws

say "another is given up"
attempt 3
at deploy aws "${image[@]}"
at rollback aws
expect predictions at predict --target aws -i "$input"

say "a batch"
printf '%s\n' 'sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)' 5.1,3.5,1.4,0.2 >"$tmp/rows.csv"
at predict --target aws --batch "$tmp/rows.csv" "$tmp/answers.jsonl"
[ "$(cat "$tmp/answers.jsonl")" = 0 ] || die "the answers are: $(cat "$tmp/answers.jsonl")"

at delete aws --yes
expect '[]' at list aws --json
say "all of it works, and nothing is left"
