package lint

import (
	"strings"

	"github.com/deployfile/deployfile/resolver"
)

// ruleTests has a failing and a passing situation for every rule. want is a
// line for each of the rule's findings: place, message and fix.
func ruleTests() []struct {
	rule       string
	fail, pass situation
	want       string
} {
	drained := "[targets.prod]\nkind = \"kubernetes\"\nreplicas = 3\nmin-available = \"2\"\n"
	root := "[image]\nuser = \"0:0\"\n"
	plain := "[[environment.indexes]]\nname = \"corp\"\nurl = \"http://packages.example.com/simple\"\nsecret = \"corp\"\n"
	return []struct {
		rule       string
		fail, pass situation
		want       string
	}{
		{
			rule: "blocked-drain",
			fail: situation{deployfile: strings.ReplaceAll(drained, "replicas = 3", "replicas = 2")},
			pass: situation{deployfile: drained},
			want: `6:17-6:20 targets.prod.min-available "2" of targets.prod.replicas 2 lets no instance be evicted: draining a node never ends: raise targets.prod.replicas, or leave out targets.prod.min-available
`,
		},
		{
			rule: "builder-platform",
			fail: situation{deployfile: "[targets.prod]\nkind = \"kserve\"\n[targets.local]\nkind = \"docker\"\n", locked: true, platform: "linux/arm64", builder: "linux/amd64"},
			pass: situation{deployfile: "[targets.prod]\nkind = \"kserve\"\n", locked: true, builder: "linux/arm64"},
			want: `4:8-4:16 target prod gets an image for linux/arm64 alone, the platform of the builder, and most clusters are linux/amd64: write platforms = ["linux/amd64"] in [image], or "linux/arm64" if it is meant, and run deployfile lock
`,
		},
		{
			rule: "credentials",
			fail: situation{deployfile: `[environment]
env = { DB = "postgres://me:hunter2@db.example.com/x", API_TOKEN = "hunter2", HF = "hf_aaaaaaaaaaaaaaaaaaaaaaaa" }
[[environment.indexes]]
name = "corp"
url = "https://packages.example.com/glpat-aaaaaaaaaaaaaaaaaaaa/simple"
[server]
kind = "command"
command = ["serve", "--key=AKIAAAAAAAAAAAAAAAAA"]
[image.labels]
"com.example.password" = "hunter2"
[targets.prod]
kind = "kubernetes"
env = { SIGNING_KEY = "hunter2" }
model-config = { api_key = "hunter2", deep = { x = "hf_aaaaaaaaaaaaaaaaaaaaaaaa" }, max_tokens = "9" }
`},
			pass: situation{deployfile: `[environment]
env = { MAX_TOKENS = "512", PAD_TOKEN = "<pad>", API_TOKEN = "", API_KEY = "/run/secrets/key", SPLIT_TOKEN = "[SEP]", USE_KEY = "true", DB = "postgres://db.example.com/x" }
[[environment.indexes]]
name = "corp"
url = "https://packages.example.com/simple"
secret = "corp-token"
[image.labels]
"com.example.keyboard" = "qwerty"
`},
			want: `4:14-4:54 the value of environment variable DB looks like a credential: take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env
4:68-4:77 the value of environment variable API_TOKEN looks like a credential: take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env
4:84-4:113 the value of environment variable HF looks like a credential: take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env
7:7-7:71 a part of the URL of index corp looks like a credential: take it out and name a build secret that holds it: secret = "id"
10:21-10:49 a word of the start command looks like a credential: take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env
12:26-12:35 the value of label com.example.password looks like a credential: take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env
15:23-15:32 the value of environment variable SIGNING_KEY looks like a credential: take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env
16:28-16:37 the value of api_key in the model's configuration looks like a credential: take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env
16:46-16:83 the value of deep in the model's configuration looks like a credential: take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env
`,
		},
		{
			rule: "cuda-without-gpu",
			fail: situation{
				locked: true, requirements: "mlflow==3.17.2\nxgboost\n",
				more: []resolver.PylockPackage{large("xgboost", 130_000_000), large("nvidia-nccl-cu12", 290_000_000)},
			},
			pass: situation{
				deployfile: "[targets.prod]\nkind = \"kubernetes\"\nresources = { gpus = 1 }\n",
				locked:     true, more: []resolver.PylockPackage{large("torch", 800_000_000), large("nvidia-nccl-cu12", 290_000_000)},
			},
			want: `2:10-2:17 model/requirements.txt:2: nvidia-nccl-cu12 (290MB): only a GPU of NVIDIA needs this, and no target has one: write without = ["nvidia-nccl-cu12"] in [environment]: xgboost looks for it on several GPUs alone, which saves at least 290MB of every pull; for a GPU, give a target resources.gpus
`,
		},
		{
			rule: "development-package",
			fail: situation{
				deployfile:   "[environment]\nrequirements = [\"extra.txt\"]\n",
				requirements: "mlflow==3.17.2\nipykernel==7.0.0\n", extra: "numpy==2.4.6\npytest_cov==7.0.0\n",
			},
			pass: situation{requirements: "mlflow==3.17.2\nblackjax==1.2.0\n"},
			want: `2:10-2:17 model/requirements.txt:2: ipykernel is a package for notebooks, which serving does not need: write without = ["ipykernel"] in [environment], or run: deployfile remove ipykernel
4:17-4:28 extra.txt:2: pytest-cov is a package for tests, which serving does not need: take pytest-cov out of extra.txt
`,
		},
		{
			rule: "file-conflict",
			fail: situation{locked: true, requirements: "mlflow==3.17.2\nanyio\n", wheels: &resolver.WheelFiles{
				Conflicts: []resolver.FileConflict{
					{Packages: []string{"anyio", "good"}, Count: 3, Paths: []string{"lib/python3.11/site-packages/good/__init__.py"}},
					{Packages: []string{"good"}, Count: 1, Paths: []string{"bin/serve"}},
				},
				Unread: []string{"mlflow-skinny: its server sends no parts of files"},
			}},
			pass: situation{locked: true, wheels: &resolver.WheelFiles{}},
			want: `0:0-0:0 good contains /opt/venv/bin/serve, which the image's start command replaces: leave it, if nothing in the image calls what good has there
0:0-0:0 the files of mlflow-skinny are not known: its server sends no parts of files: run deployfile lock again, with an index that answers requests for parts of files
2:10-2:17 model/requirements.txt:2: anyio and good contain /opt/venv/lib/python3.11/site-packages/good/__init__.py and 2 more files with different contents, and the image has those of good: require one of them, or versions that share no files
`,
		},
		{
			rule: "full-mlflow",
			fail: situation{deployfile: "[environment]\nmlflow = \"full\"\n"},
			pass: situation{deployfile: "[environment]\nmlflow = \"skinny\"\n"},
			want: `4:10-4:16 all of MLflow is installed, though its scoring server needs mlflow-skinny and pandas alone: write mlflow = "skinny", unless the model imports what only all of MLflow has
`,
		},
		{
			rule: "image-size",
			fail: situation{deployfile: "[image]\nmax-size = \"1.5GB\"\n", locked: true, more: []resolver.PylockPackage{large("torch", 1_600_000_000)}},
			pass: situation{deployfile: "[image]\nmax-size = \"1.7 GB\"\n", locked: true, more: []resolver.PylockPackage{large("torch", 1_600_000_000)}},
			want: `4:12-4:19 the packages and the model, without the base, are 1.6GB to pull, more than 1.5GB; the largest are torch (1.6GB), anyio, good and 1 more: see deployfile plan --sizes, and take out what is not needed, or raise image.max-size
`,
		},
		{
			rule: "latest-tag",
			fail: situation{deployfile: "version = \"1.4.0\"\n[environment]\nbase = \"python\"\ntoolchain = \"python:latest\"\n[image]\ntags = [\"registry.example.com/iris:1\", \"registry.example.com/iris\"]\n"},
			pass: situation{deployfile: "[environment]\nbase = \"python:3.11-slim\"\ntoolchain = \"python:latest" + digest + "\"\n[image]\ntags = [\"registry.example.com/iris:1\"]\n"},
			want: `5:8-5:16 python has no tag, which means latest: name a version: python:VERSION
6:13-6:28 python:latest has the tag latest: name a version: python:VERSION
8:40-8:67 registry.example.com/iris has no tag, which means latest: write "registry.example.com/iris:1.4.0"
`,
		},
		{
			rule: "moved-model",
			fail: situation{locked: true, pinned: "3", now: "4"},
			pass: situation{locked: true, pinned: "3", now: "3"},
			want: `2:10-2:17 model is version 4 now, and the lock has version 3: take it: deployfile lock --upgrade-model
`,
		},
		{
			rule: "no-input-example",
			fail: situation{mlmodel: strings.Split(goodModel, "saved_input")[0], noExample: true},
			pass: situation{},
			want: `2:10-2:17 the model has no input example, so the build loads it but cannot try whether it answers: try it with deployfile predict -i FILE; log_model(…, input_example=…) saves a few rows with the next one
`,
		},
		{
			rule: "pickled-model",
			fail: situation{mlmodel: strings.ReplaceAll(strings.ReplaceAll(goodModel, "skops\n", "cloudpickle\n"), "model.cloudpickle", "model.pkl")},
			pass: situation{},
			want: `2:10-2:17 the model is a pickle: loading it runs code, and it loads with the versions alone that saved it: use it only if you trust who logged it; mlflow.sklearn.log_model(…, serialization_format="skops") saves the next one without
`,
		},
		{
			rule: "python-end-of-life",
			fail: situation{deployfile: "[environment]\npython = \"3.10\"\n", today: "2026-11-01"},
			pass: situation{deployfile: "[environment]\npython = \"3.10\"\n", today: "2026-10-31"},
			want: `4:10-4:16 Python 3.10 has had no security fixes since October 2026: python = "3.N" in [environment] chooses a later one, in which the model may work as it is; if not, it has to be trained with that
`,
		},
		{
			rule: "running-as-root",
			fail: situation{deployfile: root},
			pass: situation{deployfile: "[image]\nuser = \"1000:1000\"\n"},
			want: `4:8-4:13 the server runs as root: leave out image.user to run as 65532:65532
`,
		},
		{
			rule: "startup-code",
			fail: situation{locked: true, requirements: "mlflow==3.17.2\nanyio\n", wheels: &resolver.WheelFiles{Startup: []resolver.StartupFiles{
				{Package: "anyio", Kind: resolver.StartupCode, Count: 1, Paths: []string{"lib/python3.11/site-packages/a.pth"}},
				{Package: "good", Kind: resolver.StartupModule, Count: 1, Paths: []string{"lib/python3.11/site-packages/sitecustomize.py"}},
				{Package: "good", Kind: resolver.StartupPaths, Count: 2, Paths: []string{"lib/python3.11/site-packages/b.pth", "lib/python3.11/site-packages/c.pth"}},
			}}},
			pass: situation{locked: true, wheels: &resolver.WheelFiles{Startup: []resolver.StartupFiles{
				{Package: "setuptools", Kind: resolver.StartupDistutils, Count: 1, Paths: []string{"lib/python3.11/site-packages/distutils-precedence.pth"}},
				{Package: "matplotlib", Kind: resolver.StartupNamespace, Count: 1, Paths: []string{"lib/python3.11/site-packages/matplotlib-nspkg.pth"}},
			}}},
			want: `0:0-0:0 good contains /opt/venv/lib/python3.11/site-packages/b.pth and another file, which changes where Python looks for modules: read it, and leave good out if it has no reason to
0:0-0:0 good contains /opt/venv/lib/python3.11/site-packages/sitecustomize.py, which Python imports at every start: read it, and leave good out if it has no reason to
2:10-2:17 model/requirements.txt:2: anyio contains /opt/venv/lib/python3.11/site-packages/a.pth, whose code runs at every start of Python: read it, and leave anyio out if it has no reason to
`,
		},
		{
			rule: "unencrypted-secret",
			fail: situation{deployfile: plain},
			pass: situation{deployfile: strings.ReplaceAll(plain, "http:", "https:")},
			want: `5:7-5:43 the secret of index "corp" is sent unencrypted: use https
`,
		},
		{
			rule: "unlocked-build",
			fail: situation{},
			pass: situation{locked: true},
			want: `0:0-0:0 there is no lock, so the versions of packages and images are chosen anew by each build: run deployfile lock and commit what it writes
`,
		},
		{
			rule: "unpinned-base",
			fail: situation{deployfile: "[environment]\nbase = \"python:3.11-slim\"\n"},
			pass: situation{deployfile: "[environment]\nbase = \"python:3.11-slim" + digest + "\"\n"},
			want: `4:8-4:26 base image python:3.11-slim is not pinned to a digest: run deployfile lock, or write base = "python:3.11-slim@sha256:…"
`,
		},
		{
			rule: "unpinned-requirement",
			fail: situation{
				deployfile:   "[environment]\nrequirements = [\"extra.txt\"]\n",
				requirements: "mlflow==3.17.2\nnumpy\nscipy==1.*\n", extra: "pandas>=2\ngit+https://git.example.com/x.git@main#egg=x\n",
			},
			pass: situation{
				deployfile:   "[environment]\nrequirements = [\"extra.txt\"]\n",
				requirements: "mlflow==3.17.2\npywin32 ; sys_platform == 'win32'\n",
				extra:        "pandas>=2,==2.1.0\ntomli ; python_version < '3.11'\nx @ git+https://git.example.com/x.git@0123456789012345678901234567890123456789\n",
			},
			want: `2:10-2:17 model/requirements.txt:2: requirement "numpy" is not pinned to one version: run deployfile lock, or write override = ["numpy==VERSION"] in [environment]
2:10-2:17 model/requirements.txt:3: requirement "scipy==1.*" is not pinned to one version: run deployfile lock, or write override = ["scipy==VERSION"] in [environment]
4:17-4:28 extra.txt:1: requirement "pandas>=2" is not pinned to one version: run deployfile lock, or write pandas==VERSION
4:17-4:28 extra.txt:2: requirement "git+https://git.example.com/x.git@main#egg=x" is not pinned to one version: run deployfile lock, or name a commit: @ and its 40 digits after the repository's URL
`,
		},
		{
			rule: "untested-python",
			fail: situation{deployfile: "[environment]\npython = \"3.99\"\n"},
			pass: situation{deployfile: "[environment]\npython = \"3.14\"\n"},
			want: `4:10-4:16 Python 3.99 is newer than any that was tested, 3.14: 
`,
		},
		{
			rule: "yanked-requirement",
			fail: situation{locked: true, yanked: map[string]string{"mlflow": "", "anyio": "broken\n on 3.11"}},
			pass: situation{locked: true},
			want: `0:0-0:0 anyio 4.16.0 was withdrawn from its index: broken on 3.11: take another version: deployfile lock --upgrade=anyio
2:10-2:17 model/requirements.txt:1: mlflow was withdrawn from its index: require another version of mlflow, then run deployfile lock
`,
		},
	}
}
