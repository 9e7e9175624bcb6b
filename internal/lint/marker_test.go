package lint

import "testing"

func TestExcluded(t *testing.T) {
	for marker, want := range map[string]bool{
		"":                                                 false,
		"sys_platform == 'win32'":                          true,
		`"win" in sys_platform`:                            true,
		`sys_platform != "darwin"`:                         false,
		`os_name == "nt"`:                                  true,
		`platform_system in "Linux Darwin"`:                false,
		`platform_system not in "Linux Darwin"`:            true,
		`platform_python_implementation == "PyPy"`:         true,
		`python_version < "3"`:                             true,
		`python_version >= "3.9"`:                          false,
		`python_version == "3.11"`:                         false,
		`python_version ~= "3.10"`:                         false,
		`python_version == "2.*"`:                          true,
		`python_full_version >= "3.12"`:                    true,
		`python_full_version >= "3.11.4"`:                  false,
		`'3.9' <= python_version`:                          false,
		`platform_machine == "armv7l"`:                     false,
		`extra == "dev"`:                                   false,
		`sys_platform == "win32" or python_version > "3"`:  false,
		`sys_platform == "win32" and python_version > "3"`: true,
		`python_version > "3" and (os_name == "nt" or os_name == "java")`: true,
		`platform_machine == "arm64" and sys_platform == "darwin"`:        true,
		`(sys_platform == "win32"`:                                        false,
		`sys_platform == "win32" nonsense`:                                false,
		`sys_platform`:                                                    false,
		`python_version in "2.7 3.5"`:                                     false,
	} {
		if got := excluded(marker, "3.11"); got != want {
			t.Errorf("%s: excluded is %v, want %v", marker, got, want)
		}
	}
	if excluded(`python_version < "3"`, "") {
		t.Error("without a known Python, nothing can be told of it")
	}
}
