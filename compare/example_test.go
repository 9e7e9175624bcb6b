package compare_test

import (
	"fmt"
	"os"

	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/resolver"
)

// locked reads a lock of this project's tests.
func locked(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range []string{"Deployfile.lock", "pylock.toml"} {
		data, err := os.ReadFile("../llb/testdata/" + dir + "/" + name)
		if err != nil {
			return nil, err
		}
		files[name] = data
	}
	return files, nil
}

// What a new lock changes, as the command lock reports it.
func ExampleLocks() {
	was, err := locked("pyfunc")
	if err != nil {
		fmt.Println(err)
		return
	}
	is, err := locked("iris")
	if err != nil {
		fmt.Println(err)
		return
	}
	changes, err := compare.Locks("Deployfile.lock", was, is)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range changes.Changes {
		if c.Name == "scikit-learn" {
			fmt.Println(c.Kind, c.Name, c.Was == "", c.Is)
		}
	}
	// Output: package scikit-learn true 1.9.1
}

// What differs between two locks, as the command diff reports it.
func ExampleDiff() {
	var sides []compare.Contents
	for _, dir := range []string{"pyfunc", "iris"} {
		files, err := locked(dir)
		if err != nil {
			fmt.Println(err)
			return
		}
		lock, err := resolver.ParseLock(files["Deployfile.lock"])
		if err != nil {
			fmt.Println(err)
			return
		}
		contents, err := compare.FromLock(dir, lock, files)
		if err != nil {
			fmt.Println(err)
			return
		}
		sides = append(sides, contents)
	}
	difference := compare.Diff(sides[0], sides[1])
	fmt.Println(difference.Same)
	for _, c := range difference.Changes {
		if c.Name == "scikit-learn" {
			fmt.Println(c.Op, c.Name, c.Is)
		}
	}
	// Output:
	// false
	// added scikit-learn 1.9.1
}
