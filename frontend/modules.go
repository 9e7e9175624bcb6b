package frontend

import "strings"

// distributionOf returns the name by which an index has the distribution of a Python module:
// mostly the module's own.
func distributionOf(module string) string {
	if name, ok := otherNames()[module]; ok {
		return name
	}
	return strings.ReplaceAll(module, "_", "-")
}

// otherNames returns the distributions whose modules have other names, as their metadata
// (top_level.txt and RECORD) says: those that models and what they import need most.
func otherNames() map[string]string {
	return map[string]string{
		"attr":           "attrs",
		"bs4":            "beautifulsoup4",
		"Bio":            "biopython",
		"Crypto":         "pycryptodome",
		"OpenSSL":        "pyOpenSSL",
		"PIL":            "pillow",
		"MySQLdb":        "mysqlclient",
		"cv2":            "opencv-python-headless",
		"databricks":     "databricks-sdk",
		"dateutil":       "python-dateutil",
		"distutils":      "setuptools",
		"docx":           "python-docx",
		"dotenv":         "python-dotenv",
		"fitz":           "PyMuPDF",
		"git":            "GitPython",
		"grpc":           "grpcio",
		"igraph":         "python-igraph",
		"imblearn":       "imbalanced-learn",
		"jose":           "python-jose",
		"jwt":            "PyJWT",
		"ldap":           "python-ldap",
		"magic":          "python-magic",
		"Levenshtein":    "levenshtein",
		"multipart":      "python-multipart",
		"mpl_toolkits":   "matplotlib",
		"opentelemetry":  "opentelemetry-api",
		"paddle":         "paddlepaddle",
		"patoolib":       "patool",
		"pkg_resources":  "setuptools<81",
		"pptx":           "python-pptx",
		"psycopg2":       "psycopg2-binary",
		"pylab":          "matplotlib",
		"rapidjson":      "python-rapidjson",
		"rest_framework": "djangorestframework",
		"ruamel":         "ruamel.yaml",
		"serial":         "pyserial",
		"skimage":        "scikit-image",
		"sklearn":        "scikit-learn",
		"skopt":          "scikit-optimize",
		"skmultilearn":   "scikit-multilearn",
		"slugify":        "python-slugify",
		"snowflake":      "snowflake-connector-python",
		"socks":          "PySocks",
		"surprise":       "scikit-surprise",
		"sksurv":         "scikit-survival",
		"tlz":            "toolz",
		"umap":           "umap-learn",
		"usb":            "pyusb",
		"websocket":      "websocket-client",
		"wx":             "wxPython",
		"yaml":           "PyYAML",
		"zmq":            "pyzmq",
		"zope":           "zope.interface",
		"google":         "protobuf",
		"faiss":          "faiss-cpu",
		"hydra":          "hydra-core",
		"community":      "python-louvain",
		"pythoncom":      "pywin32",
		"win32api":       "pywin32",
		"win32com":       "pywin32",
	}
}

// fullMLflow returns the distributions that MLflow requires and mlflow-skinny does not.
func fullMLflow() []string {
	return []string{
		"aiohttp", "alembic", "cryptography", "docker", "flask", "flask-cors", "graphene", "gunicorn", "huey", "matplotlib",
		"numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "skops", "sqlalchemy",
	}
}
