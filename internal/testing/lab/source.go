package lab

import "testing"

// BackendSource is a build backend (PEP 517) in the source tree, which needs
// nothing beside Python.
const BackendSource = `
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "dfbackend-1.0-py3-none-any.whl"
    info = "dfbackend-1.0.dist-info/"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as z:
        def add(path, text):
            z.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), text)
        add("dfbackend.py", "WORDS = 'built by its own backend'\n")
        add(info + "METADATA", "Metadata-Version: 2.1\nName: dfbackend\nVersion: 1.0\n")
        add(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: itself\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        add(info + "RECORD", "")
    return name
`

// SetuptoolsSdist returns a source distribution that setuptools builds.
func SetuptoolsSdist(t *testing.T, name string) Distribution {
	return Sdist(t, name, "1.0", map[string]string{
		"setup.py":   "from setuptools import setup\nsetup(name='" + name + "', version='1.0', py_modules=['" + name + "'])\n",
		name + ".py": "WORDS = 'built by setuptools'\n",
	})
}
