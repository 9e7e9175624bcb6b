package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// input is a project with one file as large as its reader accepts.
type input struct {
	// name is the reader, what the contents of the file.
	name, what string
	files      map[string][]byte
	// large are the large files.
	large []string
	// want is part of deployfile check's output.
	want string
}

func (i input) size() int {
	n := 0
	for _, name := range i.large {
		n += len(i.files[name])
	}
	return n
}

const (
	smallDeployfile = "[model]\nsource = \"m\"\n"
	smallModel      = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    python_version: 3.11.7\nmlflow_version: 3.1.0\n"
	fine            = "is fine"
)

// project returns a small project with some files replaced.
func project(name, what, want string, files map[string]string) input {
	in := input{name: name, what: what, want: want, files: map[string][]byte{
		"Deployfile":         []byte(smallDeployfile),
		"m/MLmodel":          []byte(smallModel),
		"m/requirements.txt": []byte("mlflow==3.1.0\n"),
	}}
	for file, text := range files {
		in.files[file] = []byte(text)
		in.large = append(in.large, file)
	}
	return in
}

// filled repeats a text as often as fits between a beginning and an end.
func filled(size int, before, text, behind string) string {
	return before + strings.Repeat(text, (size-len(before)-len(behind))/len(text)) + behind
}

// counted formats the numbers below n, one after the other.
func counted(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// clipped returns the beginning of a text, in whole lines.
func clipped(text string, size int) string {
	if len(text) <= size {
		return text
	}
	return text[:strings.LastIndexByte(text[:size], '\n')+1]
}

func inputs() []input {
	var all []input
	add := func(name, what, want string, files map[string]string) {
		all = append(all, project(name, what, want, files))
	}
	const k = deployfile.MaxSize
	d := "Deployfile"
	add(d, "comments", fine, map[string]string{d: filled(k, smallDeployfile, "#\n", "")})
	add(d, "unknown keys", "unknown", map[string]string{d: clipped(smallDeployfile+counted(40_000, "k%d=1\n"), k)})
	add(d, "indexes with credentials", "credential", map[string]string{d: clipped(smallDeployfile+counted(3000, "[[environment.indexes]]\nname=\"i%d\"\nurl=\"http://u:p@h/\"\n"), k)})
	add(d, "targets", "", map[string]string{d: clipped(smallDeployfile+counted(4900, "[targets.t%d]\nkind=\"docker\"\n"), k)})
	add(d, "one requirements file listed many times", "", map[string]string{d: filled(k, smallDeployfile+"[environment]\nrequirements=[", "'r',", "]\n"), "r": "a==1\n"})
	add(d, "unknown platforms", "", map[string]string{d: filled(k, smallDeployfile+"[image]\nplatforms=[", "'r',", "]\n")})
	add(d, "tags", "", map[string]string{d: clipped(smallDeployfile+"[image]\ntags=["+counted(20_000, "'r.example.com/%d',\n"), k-2) + "]\n"})
	add(d, "system packages", "", map[string]string{d: clipped(smallDeployfile+"[environment]\nsystem-packages=["+counted(40_000, "'p%d',\n"), k-2) + "]\n"})
	add(d, "a patch of flow mappings", "", map[string]string{d: filled(k, smallDeployfile+"[targets.a]\nkind='kubernetes'\n[[targets.a.patches]]\nkind='Deployment'\npatch='''\na: [", "{a},", "]\n'''\n")})
	add(d, "a patch of keys", "", map[string]string{d: clipped(smallDeployfile+"[targets.a]\nkind='kubernetes'\n[[targets.a.patches]]\nkind='Deployment'\npatch='''\n"+counted(60_000, "%d: \n"), k-10) + "'''\n"})
	add(d, "a patch of objects with 1000 keys", "", map[string]string{d: clipped(smallDeployfile+"[targets.a]\nkind='kubernetes'\n[[targets.a.patches]]\nkind='Deployment'\npatch='''\n"+strings.Repeat("-\n"+counted(1000, " %d: \n"), 40), k-10) + "'''\n"})
	add(d, "a patch with invalid YAML in its last line", "", map[string]string{d: filled(k, smallDeployfile+"[targets.a]\nkind='kubernetes'\n[[targets.a.patches]]\nkind='Deployment'\npatch='''\na: [", "[],\n", "}\n'''\n")})

	model := "m/MLmodel"
	const y = 8 << 20
	add("MLmodel", "empty lists", fine, map[string]string{model: smallModel + "x: [" + strings.Repeat("[],", 249_990) + "]\n"})
	add("MLmodel", "keys of a flow mapping", fine, map[string]string{model: smallModel + "x: {" + strings.Repeat("a,", 499_900) + "}\n"})
	add("MLmodel", "metadata of empty lists", fine, map[string]string{model: smallModel + "metadata: {x: [" + strings.Repeat("[],", 249_980) + "]}\n"})
	add("MLmodel", "metadata of keys", fine, map[string]string{model: clipped(smallModel+"metadata:\n"+counted(249_900, " k%d: 1\n"), y)})
	add("MLmodel", "nested keys in block style", fine, map[string]string{model: smallModel + "x:\n" + strings.Repeat(strings.Repeat("? ", 9000)+"a\n", 1)})
	add("MLmodel", "nested lists in flow style", fine, map[string]string{model: smallModel + "x: [" + strings.Repeat(strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+",", 54) + "]\n"})
	add("MLmodel", "lists in block style", fine, map[string]string{model: smallModel + "x:\n" + strings.Repeat("-\n", 499_900)})
	add("MLmodel", "mappings in lists", fine, map[string]string{model: smallModel + "x:\n" + strings.Repeat("- ? \n", 249_900)})
	add("MLmodel", "a long string", fine, map[string]string{model: filled(y, smallModel+"x: \"", "aaaaaaa \n", "\"\n")})
	add("MLmodel", "comments", fine, map[string]string{model: filled(y, smallModel, "#\n", "")})
	add("MLmodel", "a signature of 70 000 columns", fine, map[string]string{model: smallModel + "signature:\n  inputs: '[" + strings.TrimSuffix(counted(70_000, `{"type": "double", "name": "c%d", "required": true},`+"\n    "), ",\n    ") + "]'\n"})
	add("conda.yaml", "dependencies", "", map[string]string{"m/conda.yaml": clipped("dependencies:\n"+counted(249_000, "- p%d=1\n"), y)})
	add("python_env.yaml", "dependencies", "", map[string]string{"m/python_env.yaml": "python: 3.11.7\ndependencies:\n" + counted(99_990, "- p%d==1\n")})

	req := "m/requirements.txt"
	const r = mlmodel.MaxRequirements
	add("requirements.txt", "requirements", fine, map[string]string{req: counted(mlmodel.MaxEntries, "p%d\n")})
	add("requirements.txt", "pinned requirements", fine, map[string]string{req: counted(mlmodel.MaxEntries, "p%d==1.0.0\n")})
	add("requirements.txt", "requirements with long markers", fine, map[string]string{req: counted(mlmodel.MaxEntries, "p%d; python_version >= '3.9' and sys_platform == 'linux'\n")})
	add("requirements.txt", "hashes of one requirement", fine, map[string]string{req: clipped("a==1"+counted(99_000, " \\\n --hash=sha256:%064d"), r-100) + " --hash=sha256:" + strings.Repeat("0", 64) + "\n"})
	add("requirements.txt", "names after --only-binary", fine, map[string]string{req: "--only-binary " + counted(mlmodel.MaxEntries-1, "p%d,") + "\n"})
	add("requirements.txt", "lines of --no-binary", fine, map[string]string{req: counted(mlmodel.MaxEntries/2, "--no-binary p%d\n")})
	add("requirements.txt", "a line of names", "a a a a", map[string]string{req: filled(r, "", "a ", "\n")})
	add("requirements.txt", "comments", fine, map[string]string{req: filled(r, "mlflow\n", "#\n", "")})
	add("requirements.txt", "continued lines", fine, map[string]string{req: filled(r, "mlflow\n", "\\\n", "\n")})
	add("requirements.txt", "one requirement with many constraints", fine, map[string]string{req: "-c c.txt\n" + counted(mlmodel.MaxEntries/2, "p%d\n"), "m/c.txt": counted(mlmodel.MaxEntries/2-10, "p%d>1\n")})
	add("requirements.txt", "find-links locations", fine, map[string]string{req: counted(mlmodel.MaxEntries, "-f https://h.example.com/%d\n")})
	add("requirements.txt", "extra indexes", "", map[string]string{req: counted(mlmodel.MaxEntries, "--extra-index-url https://h.example.com/%d\n")})
	add("requirements.txt", "wheels of the directory", fine, map[string]string{req: strings.Repeat("./a-1-py3-none-any.whl\n", mlmodel.MaxEntries), "m/a-1-py3-none-any.whl": ""})

	lock := "Deployfile.lock"
	const l = resolver.MaxLock
	add(lock, "unknown keys", "unknown key", map[string]string{lock: clipped("version=1\n"+counted(499_990, "k%d=1\n"), l)})
	add(lock, "items of one list", "digest", map[string]string{lock: "version=1\n[inputs]\nrequirements=[" + strings.Repeat("'',", 499_990) + "]\n"})
	add(lock, "long keys", "unknown key", map[string]string{lock: clipped("version=1\n"+counted(6400, strings.Repeat("a.", 30)+"b%d=1\n"), l)})
	add(lock, "tables", "unknown key", map[string]string{lock: clipped("version=1\n"+counted(6400, "["+strings.Repeat("a.", 30)+"b%d]\n"), l)})
	add(lock, "nested arrays", "", map[string]string{lock: "version=1\na=[" + strings.Repeat(strings.Repeat("[", 30)+strings.Repeat("]", 30)+",", 6600) + "]\n"})
	add(lock, "a long string", "unknown key", map[string]string{lock: filled(l, "version=1\na='", "a", "'\n")})
	add(lock, "comments", "digest", map[string]string{lock: filled(l, "version=1\n", "#\n", "")})
	add(lock, "inputs and files that do not exist", "was removed", map[string]string{lock: lockText(func(k *resolver.Lock) {
		for i := range 80_000 {
			k.Inputs.Requirements = append(k.Inputs.Requirements, fmt.Sprintf("p%d", i))
		}
		for i := range 60_000 {
			k.Model = append(k.Model, resolver.ModelFile{Path: fmt.Sprintf("f%d", i), SHA256: strings.Repeat("0", 64)})
		}
	})})
	add("pylock.toml", "wheels", "is not the file", map[string]string{
		"Deployfile.lock": lockText(nil),
		"pylock.toml":     "lock-version=\"1.0\"\n" + counted(90_000, "[[packages]]\nname=\"p%d\"\nversion=\"1\"\n"),
	})
	add("pylock.toml", "wheels of one package", "is not the file", map[string]string{
		"Deployfile.lock": lockText(nil),
		"pylock.toml":     "lock-version=\"1.0\"\n[[packages]]\nname=\"p\"\nversion=\"1\"\nwheels=[" + counted(99_000, "{url=\"http://h/p-%d-py3-none-any.whl\",hashes={}},\n") + "]\n",
	})
	add(".dockerignore", "patterns", "", map[string]string{
		"Deployfile.lock": lockText(nil), ".dockerignore": counted(1000, "**/a*b*%d\n"),
	})
	many := map[string]string{"Deployfile.lock": lockText(nil), ".dockerignore": counted(1000, "**/a*b*%d\n")}
	for i := range 1000 {
		many[fmt.Sprintf("m/f%d", i)] = ""
	}
	add(".dockerignore", "patterns, and 1000 files", "", many)
	return all
}

// lockText returns a valid lock with a change.
func lockText(change func(*resolver.Lock)) string {
	image := resolver.Image{Ref: "python:3.11-slim", Digest: "sha256:" + strings.Repeat("0", 64), Python: "/usr/local/bin/python3.11", PythonVersion: "3.11"}
	k := resolver.Lock{
		Version: resolver.LockVersion, Base: image, Toolchain: image,
		Inputs:    resolver.Inputs{Python: "3.11", Base: image.Ref, MLflow: "skinny", Requirements: []string{"mlflow==3.1.0"}},
		Platforms: []resolver.Platform{{Name: "linux/amd64", Glibc: "2.36", Pylock: "pylock.toml", PylockSHA256: strings.Repeat("0", 64)}},
	}
	if change != nil {
		change(&k)
	}
	text, err := k.Encode()
	if err != nil {
		panic(err) // it is made above
	}
	return string(bytes.TrimSpace(text)) + "\n"
}
