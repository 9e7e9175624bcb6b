package resolver

import "regexp"

// missingTool is what a build says when something is not installed, and the Debian
// packages that have it.
type missingTool struct {
	pattern  *regexp.Regexp
	packages []string
}

// missingTools lists what builds of wheels most often lack, in the words of
// setuptools, of the packages' own setup.py files and of compilers.
func missingTools() []missingTool {
	var out []missingTool
	for _, t := range []struct {
		pattern  string
		packages []string
	}{
		{`pg_config (executable )?not found|pg_config is required|[Nn]o such file or directory: '?pg_config`, []string{"gcc", "libpq-dev"}},
		{`libpq-fe\.h: No such file`, []string{"libpq-dev"}},
		{`mysql_config( executable)?'?:? not found|mysql_config --version|Can not find valid pkg-config name|mysql\.h: No such file`, []string{"gcc", "pkg-config", "default-libmysqlclient-dev"}},
		{`sql\.h: No such file`, []string{"unixodbc-dev"}},
		{`'(gcc|cc|x86_64-linux-gnu-gcc|aarch64-linux-gnu-gcc)' failed: No such file|unable to execute '[^']*gcc'|No such file or directory: '(gcc|cc|[^']*-gcc)'|[Nn]o (working|C) compiler|Unknown compiler\(s\)|No CMAKE_C_COMPILER|gcc: (command )?not found`, []string{"gcc"}},
		{`(unable to execute|command) '(g\+\+|c\+\+|[^']*-g\+\+)'.*No such file|No such file or directory: '(g\+\+|c\+\+)'|cc1plus.*No such file|No CMAKE_CXX_COMPILER|g\+\+: (command )?not found`, []string{"g++"}},
		{`(?i)no fortran compiler|gfortran: (command )?not found|Unknown compiler.*gfortran`, []string{"gfortran"}},
		{`(?i)cmake:? (is )?(must be|not) (installed|found)|could not find cmake|No such file or directory: 'cmake'|Missing CMake|CMake must be installed`, []string{"cmake", "g++"}},
		{`(?i)rust (compiler|toolchain|not found)|cargo, the rust package manager|No such file or directory: '(cargo|rustc)'|can't find rust`, []string{"cargo", "rustc"}},
		{`No such file or directory: 'make'|make: (command )?not found`, []string{"make"}},
		{`No such file or directory: '?swig|swig: (command )?not found|'swig' failed`, []string{"swig"}},
		{`pkg-config(:| is| executable| probably)? .*(not found|not installed|required)|No such file or directory: 'pkg-config'`, []string{"pkg-config"}},
		{`Python\.h: No such file`, []string{"python3-dev"}},
		{`(stdio|stdlib|limits|errno|assert|stdint|math)\.h: No such file`, []string{"libc6-dev"}},
		{`ffi\.h: No such file`, []string{"libffi-dev"}},
		{`openssl/[a-z0-9_]+\.h: No such file`, []string{"libssl-dev"}},
		{`(?i)libxml2? .*(not found|installed)|xslt-config|libxml/[a-z]+\.h: No such file|xmlversion\.h: No such file`, []string{"libxml2-dev", "libxslt1-dev"}},
		{`zlib\.h: No such file|headers or library files could not be found for zlib`, []string{"zlib1g-dev"}},
		{`jpeglib\.h: No such file|headers or library files could not be found for jpeg`, []string{"libjpeg-dev"}},
		{`hdf5\.h: No such file|Unable to load dependency HDF5`, []string{"libhdf5-dev", "pkg-config"}},
		{`krb5-config|gssapi/gssapi\.h: No such file`, []string{"libkrb5-dev"}},
		{`(lber|ldap)\.h: No such file`, []string{"libldap2-dev", "libsasl2-dev"}},
		{`snappy-c\.h: No such file`, []string{"libsnappy-dev"}},
		{`librdkafka/rdkafka\.h: No such file`, []string{"librdkafka-dev"}},
		{`gmp\.h: No such file`, []string{"libgmp-dev"}},
		{`geos_c\.h: No such file|geos-config`, []string{"libgeos-dev"}},
		{`gdal-config|gdal\.h: No such file`, []string{"libgdal-dev"}},
		{`curl-config|curl/curl\.h: No such file`, []string{"libcurl4-openssl-dev"}},
		{`portaudio\.h: No such file`, []string{"portaudio19-dev"}},
		{`(?i)(openblas|lapack|blas) .*not found|Dependency "OpenBLAS" not found`, []string{"libopenblas-dev", "pkg-config"}},
	} {
		out = append(out, missingTool{regexp.MustCompile(t.pattern), t.packages})
	}
	return out
}
