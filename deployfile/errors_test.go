package deployfile

import (
	"errors"
	"strings"
	"testing"
)

// TestParseErrors is a table of bad text and the only error that it gives,
// on one line with its place.
func TestParseErrors(t *testing.T) {
	const model = "[model]\nsource = 'model'\n"
	const environment = model + "[environment]\n"
	const server = model + "[server]\n"
	const image = model + "[image]\n"
	const index = model + "[[environment.indexes]]\nname = 'a'\nurl = 'https://example.com/a'\n"
	const target = model + "[targets.prod]\nkind = 'kubernetes'\n"

	checkErrors(t, []parseError{
		// The syntax.
		{"syntax", "[model]\nsource = \"model\n", `D:2:16: error: strings cannot contain newlines; close the quotes before the end of the line`},
		{"syntax", "[model]\nsource = 'a'; name = 'b'\n", `D:2:13: error: expected a top-level item to end with a newline, comment, or EOF, but got ';' instead; write one key on each line`},
		{"syntax", "[model]\nsource = 'a'\nsource = 'b'\n", `D:3:1: error: key 'model.source' has already been defined; remove one of the two`},
		{"syntax", "[model]\nsource = C:\\model\n", `D:2:10: error: expected value but found "C" instead; put text in quotes`},
		{"syntax", "[model]\nsource = \"C:\\model\"\n", `D:2:11: error: invalid escape in string '\m'; write "/" in a path, and "\\" where a backslash is meant`},
		{"syntax", "[model]\nsource = 'm\xff'\n", `D:2:12: error: the file is not UTF-8 text; save it with UTF-8 encoding`},
		{"syntax", "a = '日\x00本'", `D:1:6: error: TOML files cannot contain control characters: '0x00'`},
		{"syntax", "[model", `D:1:6: error: expected '.' or ']' to end table name, but the file ends`},
		{"syntax", strings.Repeat("#\n", MaxSize), `D:1:1: error: the file is larger than 256 KiB`},
		{"syntax", "a = " + strings.Repeat("{a=", 101), `D:1:305: error: this key and its value have more than 100 brackets and dots; write tables with headers of their own`},
		{"syntax", "a = [\n" + strings.Repeat("1, # ]\n[[2], '['],\n", 50), `D:101:2: error: this key and its value have more than 100 brackets and dots; write tables with headers of their own`},
		{"syntax", strings.Repeat("a.b.c = 1\n", 5_001), `D:5001:2: error: the file has more than 10000 brackets and dots`},
		{"syntax", "#.\na.'.'.\".\" = " + strings.Repeat("[", 100), `D:2:111: error: this key and its value have more than 100 brackets and dots; write tables with headers of their own`},

		// Keys.
		{"unknown-key", model + "[enviroment]\n", `D:3:2: error: unknown key "enviroment" at the top level; did you mean "environment"?`},
		{"unknown-key", "[Model]\nsource = 'm'\n[model]\nsource = 'm'\n", `D:1:2: error: unknown key "Model" at the top level; did you mean "model"?`},
		{"unknown-key", environment + "pyhton = '3.11'\n", `D:4:1: error: unknown key "pyhton" in [environment]; did you mean "python"?`},
		{"unknown-key", server + "prot = 80\n", `D:4:1: error: unknown key "prot" in [server]; did you mean "port"?`},
		{"unknown-key", "python = '3.11'\n" + model, `D:1:1: error: unknown key "python" at the top level; it belongs in [environment]`},
		{"unknown-key", environment + "system_packages = []\n", `D:4:1: error: unknown key "system_packages" in [environment]; did you mean "system-packages"?`},
		{"unknown-key", environment + "workers = 2\n", `D:4:1: error: unknown key "workers" in [environment]; it belongs in [server]`},
		{"unknown-key", model + "server.port = 1\n", `D:3:1: error: unknown key "server" in [model]; it belongs at the top level: [server]`},
		{"wrong-type", server + "model-config = { a = 2026-01-02 }\n", `D:4:22: error: server.model-config.a is a date or time, which JSON lacks; put it in quotes`},
		{"wrong-type", server + "model-config = { a = [1, { b = inf }] }\n", `D:4:32: error: server.model-config.a[1].b is a float, which JSON lacks; put it in quotes`},
		{"wrong-type", server + "model-config = 'a'\n", `D:4:16: error: server.model-config must be a table, but is a string`},
		{"conflict", server + "model-config = { a = 1 }\n[environment]\nenv = { SERVING_MODEL_CONFIG = '{}' }\n", `D:4:1: error: model-config becomes SERVING_MODEL_CONFIG, which env sets, too; leave out one of the two`},
		{"unknown-key", server + "'' = 2\n", `D:4:1: error: unknown key "" in [server]; known keys are kind, port, workers, command, model-config, max-concurrency, max-body, drain-seconds, metrics, log, protocols, docs, verify`},
		{"unknown-key", index + "adress = 'x'\n", `D:6:1: error: unknown key "adress" in [environment.indexes[0]]; known keys are name, url, secret, default, packages`},
		{"unknown-key", target + "replica = 2\n", `D:5:1: error: unknown key "replica" in [targets.prod]; did you mean "replicas"?`},
		{"missing-key", "", `D:1:1: error: model.source is missing: it says where the MLflow Model is; name the directory that holds its MLmodel file, below [model]: source = "model"`},
		{"missing-key", "[server]\nport = 1\n[model]\nname = 'a'\n", `D:3:2: error: model.source is missing: it says where the MLflow Model is; name the directory that holds its MLmodel file, below [model]: source = "model"`},

		// Types.
		{"wrong-type", environment + "python = 3.10\n", `D:4:10: error: environment.python must be a string, but is a float; put it in quotes: "3.10"`},
		{"wrong-type", environment + "python = 2026-11-22\n", `D:4:10: error: environment.python must be a string, but is a date or time; put it in quotes: "2026-11-22"`},
		{"wrong-type", server + "port = '8080'\n", `D:4:8: error: server.port must be an integer, but is a string; leave out the quotes: 8080`},
		{"wrong-type", server + "workers = 1.5\n", `D:4:11: error: server.workers must be an integer, but is a float`},
		{"wrong-type", environment + "requirements = 'a.txt'\n", `D:4:16: error: environment.requirements must be a list of strings, but is a string; put it in brackets: ['a.txt']`},
		{"wrong-type", environment + "requirements = ['a.txt',\n  2]\n", `D:5:3: error: environment.requirements[1] must be a string, but is an integer; put it in quotes: "2"`},
		{"wrong-type", environment + "env = ['A=1']\n", `D:4:7: error: environment.env must be a table of strings, but is a list`},
		{"wrong-type", environment + "env = { A = 1 }\n", `D:4:13: error: environment.env.A must be a string, but is an integer; put it in quotes: "1"`},
		{"wrong-type", environment + "env.A.B = '1'\n", `D:4:5: error: environment.env.A must be a string, but is a table`},
		{"wrong-type", "model = 'model'\n", `D:1:9: error: model must be a table, but is a string; write its keys below the line [model]`},
		{"wrong-type", "[[model]]\nsource = 'model'\n", `D:1:1: error: model must be a table, but is a list of tables; write its keys below the line [model]`},
		{"wrong-type", model + "[environment.indexes]\nname = 'a'\n", `D:3:1: error: environment.indexes must be a list of tables, but is a table; write [[environment.indexes]], with two brackets`},
		{"wrong-type", index + "default = 'true'\n", `D:6:11: error: environment.indexes[0].default must be true or false, but is a string; leave out the quotes: true`},
		{"wrong-type", "targets = 1\n" + model, `D:1:11: error: targets must be a table of tables, but is an integer`},
		{"wrong-type", "targets.a = 1\n" + model, `D:1:13: error: targets.a must be a table, but is an integer; write its keys below the line [targets.a]`},

		// [model].
		{"invalid-name", model + "name = 'My Model'\n", `D:3:8: error: model.name "My Model" must be lower-case letters and digits, with single '.', '_' or '-' between them; for example "my-model"`},
		{"invalid-name", model + "name = ''\n", `D:3:8: error: model.name "" must be lower-case letters and digits, with single '.', '_' or '-' between them; for example "model"`},
		{"invalid-path", "[model]\nsource = ''\n", `D:2:10: error: model.source is empty`},
		{"invalid-path", "[model]\nsource = '/data/model'\n", `D:2:10: error: model.source "/data/model" is absolute, but must be a path below the directory of the Deployfile; move what it names next to the Deployfile, and write the path from there`},
		{"invalid-path", "[model]\nsource = 'C:/model'\n", `D:2:10: error: model.source "C:/model" is absolute, but must be a path below the directory of the Deployfile; move what it names next to the Deployfile, and write the path from there`},
		{"invalid-path", "[model]\nsource = 'a/../../model'\n", `D:2:10: error: model.source "a/../../model" leaves the directory of the Deployfile; move what it names below that directory, or move the Deployfile up`},
		{"invalid-path", "[model]\nsource = 'a\\model'\n", `D:2:10: error: model.source "a\\model" has a backslash; use forward slashes: "a/model"`},
		{"credential-in-url", "[model]\nsource = 's3://key:secret@bucket/iris'\n", `D:2:10: error: model.source holds a credential, which would end up in logs and in the lock; take out what stands before the "@"`},
		{"credential-in-url", "[model]\nsource = 'git+https://token@example.com/iris'\n", `D:2:10: error: model.source holds a credential, which would end up in logs and in the lock; take out what stands before the "@"`},
		{"invalid-url", "[model]\nsource = 'https://example.com/%zz'\n", `D:2:10: error: model.source is not a valid URI`},
		{"invalid-value", "[model]\nsource = \"a\\u0000\"\n", `D:2:10: error: model.source contains a NUL character`},

		// [environment].
		{"invalid-python", environment + "python = '3.11.4'\n", `D:4:10: error: environment.python "3.11.4" must be a minor version, "3.9" to "3.14"; write "3.11": the lock pins the patch release`},
		{"invalid-python", environment + "python = '2.7'\n", `D:4:10: error: environment.python "2.7" must be a minor version, "3.9" to "3.14"`},
		{"invalid-image", environment + "base = 'Python:3.11'\n", `D:4:8: error: environment.base: "Python:3.11" is not an image reference: invalid reference format: repository name (library/Python) must be lowercase; use lower case: "python:3.11"`},
		{"invalid-image", environment + "toolchain = 'https://example.com/a'\n", `D:4:13: error: environment.toolchain is a URL, but must be an image reference; leave out the scheme: "example.com/a"`},
		{"unknown-value", environment + "mlflow = 'skiny'\n", `D:4:10: error: unknown environment.mlflow "skiny"; did you mean "skinny"?`},
		{"invalid-path", environment + "requirements = ['a.txt', '../b.txt']\n", `D:4:26: error: environment.requirements[1] "../b.txt" leaves the directory of the Deployfile; move what it names below that directory, or move the Deployfile up`},
		{"invalid-path", environment + "code = ['s3://bucket/code']\n", `D:4:9: error: environment.code[0] is a URI, but must be a path below the directory of the Deployfile; download it and name its directory`},
		{"invalid-name", environment + "system-packages = ['libgomp1 curl']\n", `D:4:20: error: environment.system-packages[0] "libgomp1 curl" must be a Debian package, "name" or "name=version"; for example "libgomp1"`},
		{"invalid-name", environment + "[environment.env]\n'1A' = 'x'\n", `D:5:1: error: environment variable "1A" must be letters, digits and '_', and not start with a digit`},
		{"invalid-name", environment + "ca = 'my ca'\n", `D:4:6: error: environment.ca must be the id of a build secret: letters, digits, '.', '_' and '-'; give the value when building: --secret id=ID,src=FILE`},

		// [[environment.indexes]].
		{"missing-key", model + "[[environment.indexes]]\nurl = 'https://example.com'\n", `D:3:1: error: this index has no name; messages and the lock refer to it, for example: name = "corp"`},
		{"missing-key", model + "[[environment.indexes]]\nname = 'a'\n", `D:3:1: error: this index has no url; for example: url = "https://packages.example.com/simple"`},
		{"duplicate", index + "[[environment.indexes]]\nname = 'a'\nurl = 'https://example.com'\n", `D:7:8: error: index name "a" is used twice; give each index a name of its own`},
		{"invalid-name", "environment.indexes = [{ name = 'a b', url = 'https://example.com' }]\n" + model, `D:1:33: error: environment.indexes[0].name "a b" must be letters, digits, '.', '_' and '-'`},
		{"invalid-url", model + "[[environment.indexes]]\nname = 'a'\nurl = 'example.com'\n", `D:5:7: error: environment.indexes[0].url must be a URL of the form https://HOST/PATH`},
		{"invalid-url", model + "[[environment.indexes]]\nname = 'a'\nurl = 'https://example.com/?a=b'\n", `D:5:7: error: environment.indexes[0].url must have no query and no fragment: package names are added to its end`},
		{"credential-in-url", model + "[[environment.indexes]]\nname = 'a'\nurl = 'https://me:hunter2@example.com/'\n", `D:5:7: error: environment.indexes[0].url holds a credential, which would end up in logs and in the lock; take out what stands before the "@" and name a build secret that holds it: secret = "id"`},
		{"credential-in-url", model + "[[environment.indexes]]\nname = 'a'\nurl = 'https://me:hun/ter2@example.com/'\n", `D:5:7: error: environment.indexes[0].url holds a credential, which would end up in logs and in the lock; take out what stands before the "@" and name a build secret that holds it: secret = "id"`},
		{"invalid-name", index + "secret = 'me:hunter2'\n", `D:6:10: error: environment.indexes[0].secret must be the id of a build secret: letters, digits, '.', '_' and '-'; give the value when building: --secret id=ID,src=FILE`},
		{"invalid-name", index + "packages = ['a==1']\n", `D:6:13: error: environment.indexes[0].packages[0] "a==1" must be the name of a Python package, without a version`},
		{"duplicate", index + "packages = ['A_b', 'a-B']\n", `D:6:20: error: package "a-B" belongs to index "a" already; remove one`},
		{"duplicate", index + "default = true\n[[environment.indexes]]\nname = 'b'\nurl = 'https://example.com'\ndefault = true\n", `D:10:11: error: index "a" is the default already; leave it out of all but one`},
		{"conflict", index + "default = true\npackages = ['a']\n", `D:6:11: error: an index that is the default cannot be limited to packages; leave out one of the two`},

		// [server].
		{"unknown-value", server + "kind = 'ml-server'\n", `D:4:8: error: unknown server.kind "ml-server"; use "mlflow" or "command"`},
		{"unknown-value", server + "kind = ''\n", `D:4:8: error: unknown server.kind ""; use "mlflow" or "command"`},
		{"unknown-value", server + "kind = 'mlserver'\n", `D:4:8: error: unknown server.kind "mlserver"; for its protocol write: protocols = ["mlflow", "v2"]; for MLServer itself see docs/server.md, "MLServer"`},
		{"unknown-value", server + "protocols = ['mlflow', 'v1']\n", `D:4:24: error: unknown server.protocols[1] "v1"; did you mean "v2"?`},
		{"invalid-value", server + "protocols = ['v2']\n", `D:4:1: error: server.protocols lacks "mlflow", which builds verify images by, and predict and targets use; write: protocols = ["mlflow", "v2"]`},
		{"misplaced-key", server + "kind = 'command'\ncommand = ['a']\nprotocols = ['mlflow', 'v2']\n", `D:6:1: error: server.protocols is only for server.kind "mlflow"; remove it: the server of the command does this by itself`},
		{"out-of-range", server + "port = 0\n", `D:4:8: error: server.port must be from 1 to 65535, but is 0`},
		{"out-of-range", server + "port = 99_999_999_999\n", `D:4:8: error: server.port must be from 1 to 65535, but is 99_999_999_999`},
		{"out-of-range", server + "workers = -1\n", `D:4:11: error: server.workers must be at least 1, but is -1`},
		{"missing-key", server + "kind = 'command'\n", `D:4:8: error: server.kind "command" needs server.command, the start command; for example: command = ["python", "serve.py"]`},
		{"missing-key", server + "kind = 'command'\ncommand = []\n", `D:4:8: error: server.kind "command" needs server.command, the start command; for example: command = ["python", "serve.py"]`},
		{"misplaced-key", server + "command = ['python']\n", `D:4:1: error: server.command is only for server.kind "command"; remove it, or write: kind = "command"`},
		{"misplaced-key", server + "kind = 'command'\ncommand = ['a']\nmax-body = '1MB'\n", `D:6:1: error: server.max-body is only for server.kind "mlflow"; remove it: the server of the command does this by itself`},
		{"conflict", server + "metrics = true\nworkers = 2\n", `D:4:1: error: server.metrics counts one process, and server.workers has several; leave out workers, and have more replicas instead`},
		{"misplaced-key", server + "kind = 'command'\ncommand = ['a']\nlog = 'json'\n", `D:6:1: error: server.log is only for server.kind "mlflow"; remove it: the server of the command does this by itself`},
		{"out-of-range", server + "max-concurrency = 0\n", `D:4:19: error: server.max-concurrency must be at least 1, but is 0`},
		{"invalid-size", server + "max-body = 'large'\n", `D:4:12: error: server.max-body "large" must be a size; for example "2GB"`},
		{"invalid-value", server + "kind = 'command'\ncommand = ['']\n", `D:5:12: error: server.command starts with an empty string`},

		// [image].
		{"invalid-image", image + "tags = ['iris@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef']\n", `D:4:9: error: image.tags[0]: "iris@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" has a digest, which cannot be pushed to; leave out what follows the "@"`},
		{"invalid-image", image + "tags = ['a', '']\n", `D:4:14: error: image.tags[1]: "" is not an image reference: invalid reference format`},
		{"unknown-value", image + "platforms = ['amd64']\n", `D:4:14: error: unknown platform "amd64"; did you mean "linux/amd64"?`},
		{"unknown-value", image + "platforms = ['linux/arm46']\n", `D:4:14: error: unknown platform "linux/arm46"; did you mean "linux/arm64"?`},
		{"unknown-value", image + "platforms = ['windows']\n", `D:4:14: error: unknown platform "windows"; use "linux/amd64" or "linux/arm64"`},
		{"duplicate", image + "platforms = ['linux/amd64', 'linux/amd64']\n", `D:4:29: error: platform "linux/amd64" is listed twice; remove one`},
		{"invalid-name", image + "labels = { 'io.github.deployfile.revision' = '{}' }\n", `D:4:12: error: label key "io.github.deployfile.revision" begins with "io.github.deployfile.", and those are what deployfile says itself of an image or a deployment; for example "com.example.team"`},
		{"invalid-name", image + "labels = { 'a b' = 'c' }\n", `D:4:12: error: label key "a b" must be letters, digits, '.', '-', '_' and '/'; for example "com.example.team"`},
		{"invalid-user", image + "user = 'nobody'\n", `D:4:8: error: image.user "nobody" must be numbers, "uid" or "uid:gid"; numbers need no /etc/passwd in the image, and Kubernetes can tell that it is not root`},
		{"invalid-user", image + "user = '99999999999'\n", `D:4:8: error: image.user "99999999999" must be numbers, "uid" or "uid:gid"; numbers need no /etc/passwd in the image, and Kubernetes can tell that it is not root`},
	})
}

// parseError is a bad text, the only error that it gives, on one line with its
// place, and the rule of that.
type parseError struct{ rule, source, want string }

func checkErrors(t *testing.T, tests []parseError) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			file, _, err := Parse("D", []byte(test.source), TestKinds)
			var errs Errors
			if !errors.As(err, &errs) || file != nil {
				t.Fatalf("got %v, %v", file, err)
			}
			if len(errs) != 1 || errs[0].String() != test.want || errs[0].Rule != test.rule {
				t.Errorf("got  [%s] %v\nwant [%s] %s", errs[0].Rule, errs, test.rule, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "ter2@") {
				t.Error("the message holds the credential")
			}
		})
	}
}
