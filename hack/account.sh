# Sourced by the scripts that run the verbs of a kind at a real account: a project with a
# target, and what every kind does with it.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

program=${DEPLOYFILE:-deployfile}
image=()
[ -z "${IMAGE:-}" ] || image=(--image "$IMAGE")

# prepare NAME KIND REPOSITORY: makes a project of examples/iris, whose target NAME has the keys on
# standard input besides. What is deployed there is deleted at the end, however that comes.
prepare() {
	command -v "$program" >/dev/null || die "there is no $program: run make build, and set DEPLOYFILE=bin/deployfile"
	target=$1
	scratch
	project=$tmp/iris input=$tmp/iris/model/serving_input_example.json
	cp -R "$root/examples/iris" "$project"
	{
		printf '\n[targets.%s]\n' "$target"
		printf 'kind     = "%s"\n' "$2"
		printf 'endpoint = "deployfile-%s"\n' "$(basename "$tmp" | tr '[:upper:]' '[:lower:]')"
		printf 'image    = "%s"\n' "$3"
		cat
		printf '%s\n' 'strategy = "canary"' 'weight   = 50' 'env      = { ATTEMPT = "1" }'
	} >>"$project/Deployfile"
	trap finish EXIT
}

finish() {
	local code=$?
	at delete "$target" --yes || code=1
	rm -rf "$tmp"
	exit "$code"
}

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

# verbs: deploys, promotes a canary, and gives another up.
verbs() {
	[ -n "${IMAGE:-}" ] || at lock
	at deploy "$target" "${image[@]}"
	expect predictions at predict --target "$target" -i "$input"
	at diff --target "$target" "${image[@]}"
	at logs "$target" --tail 5

	say "a canary is promoted"
	attempt 2
	at deploy "$target" "${image[@]}"
	expect predictions at predict --target "$target" --track next -i "$input"
	expect predictions at predict --target "$target" --track live -i "$input"
	at promote "$target"

	say "another is given up"
	attempt 3
	at deploy "$target" "${image[@]}"
	at rollback "$target"
	expect predictions at predict --target "$target" -i "$input"
}

# gone: deletes all of it.
gone() {
	at delete "$target" --yes
	expect '[]' at list "$target" --json
	say "all of it works, and nothing is left"
}
