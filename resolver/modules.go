package resolver

import (
	"strings"

	"deps.dev/util/pypi"
)

// Distribution returns the name by which an index has the distribution of a Python
// module: mostly the module's own.
func Distribution(module string) string {
	if name, ok := otherNames()[module]; ok {
		return name
	}
	return strings.ReplaceAll(module, "_", "-")
}

// Meant returns the distribution that people mean who require a module, or a name that
// is often confused, "" if name is neither.
func Meant(name string) string {
	name = pypi.CanonPackageName(name)
	for module, distribution := range otherNames() {
		if pypi.CanonPackageName(module) == name && pypi.CanonPackageName(distribution) != name {
			return distribution
		}
	}
	return map[string]string{"pytorch": "torch", "sentence-transformer": "sentence-transformers"}[name]
}

// otherNames returns the distributions whose modules have other names, as their metadata
// (top_level.txt and RECORD) says: those that models and what they import need most.
func otherNames() map[string]string {
	return map[string]string{
		"attr":            "attrs",
		"Bio":             "biopython",
		"bs4":             "beautifulsoup4",
		"community":       "python-louvain",
		"Crypto":          "pycryptodome",
		"cv2":             "opencv-python-headless",
		"databricks":      "databricks-sdk",
		"dateutil":        "python-dateutil",
		"distutils":       "setuptools",
		"docx":            "python-docx",
		"dotenv":          "python-dotenv",
		"faiss":           "faiss-cpu",
		"fitz":            "PyMuPDF",
		"git":             "GitPython",
		"google":          "protobuf",
		"googleapiclient": "google-api-python-client",
		"grpc":            "grpcio",
		"hydra":           "hydra-core",
		"igraph":          "python-igraph",
		"imblearn":        "imbalanced-learn",
		"jose":            "python-jose",
		"jwt":             "PyJWT",
		"ldap":            "python-ldap",
		"Levenshtein":     "levenshtein",
		"magic":           "python-magic",
		"mpl_toolkits":    "matplotlib",
		"multipart":       "python-multipart",
		"MySQLdb":         "mysqlclient",
		"OpenSSL":         "pyOpenSSL",
		"opentelemetry":   "opentelemetry-api",
		"paddle":          "paddlepaddle",
		"patoolib":        "patool",
		"PIL":             "pillow",
		"pkg_resources":   "setuptools<81",
		"pptx":            "python-pptx",
		"psycopg2":        "psycopg2-binary",
		"pylab":           "matplotlib",
		"pythoncom":       "pywin32",
		"rapidjson":       "python-rapidjson",
		"rest_framework":  "djangorestframework",
		"ruamel":          "ruamel.yaml",
		"serial":          "pyserial",
		"skimage":         "scikit-image",
		"sklearn":         "scikit-learn",
		"skmultilearn":    "scikit-multilearn",
		"skopt":           "scikit-optimize",
		"sksurv":          "scikit-survival",
		"slugify":         "python-slugify",
		"snowflake":       "snowflake-connector-python",
		"socks":           "PySocks",
		"surprise":        "scikit-surprise",
		"tlz":             "toolz",
		"umap":            "umap-learn",
		"usb":             "pyusb",
		"websocket":       "websocket-client",
		"win32api":        "pywin32",
		"win32com":        "pywin32",
		"wx":              "wxPython",
		"yaml":            "PyYAML",
		"zmq":             "pyzmq",
		"zope":            "zope.interface",
	}
}
