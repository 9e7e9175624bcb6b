package mlmodel

import (
	"regexp"
	"strings"

	"deps.dev/util/pypi"
)

// This table is ours: written for what models need, and compared with the mapping
// that parselmouth makes of the packages of conda-forge
// (https://github.com/prefix-dev/parselmouth, BSD-3-Clause) and with grayskull's list
// of names (https://github.com/conda/grayskull, Apache-2.0). Neither is copied: a name
// that is the same in both worlds needs no line here.

// condaPackage says what stands for a conda package.
type condaPackage struct {
	// pip is the distribution that is installed. Instead of it, the model may
	// require one of others. longer reports that its versions have a part more.
	pip    string
	others []string
	longer bool
	// debian is the package that base images of Debian and Ubuntu have.
	debian string
	// reason says why nothing is installed.
	reason string
}

// Reasons why nothing stands for a conda package.
const (
	reasonBase     = "the base image has it"
	reasonWheel    = "wheels bring it along"
	reasonCUDA     = "CUDA comes with the wheels; for another, name its index under [[environment.indexes]]"
	reasonCompiler = "a compiler or its headers, which an image has no use for"
	reasonConda    = "a part of conda"
	reasonWindows  = "for Windows only"
	reasonOptional = "what uses it does without"
	reasonR        = "an R package"
)

// condaPip lists conda packages by another name than their distribution's: first
// conda's, then the distribution, then others that provide the same modules. With ~,
// the distribution's versions have a part more than conda's: 4.8.1.78 is conda's 4.8.1.
const condaPip = `
pytorch torch
pytorch-cpu torch
pytorch-gpu torch
pytorch-geometric torch-geometric
pyg torch-geometric
pytorch-scatter torch-scatter
pytorch-sparse torch-sparse
pytorch-cluster torch-cluster
tensorflow tensorflow tensorflow-cpu tensorflow-gpu tensorflow-intel
tensorflow-base tensorflow tensorflow-cpu tensorflow-gpu tensorflow-intel
tensorflow-cpu tensorflow-cpu tensorflow
tensorflow-gpu tensorflow tensorflow-gpu
tensorflow-mkl tensorflow tensorflow-cpu
py-xgboost xgboost xgboost-cpu
py-xgboost-cpu xgboost xgboost-cpu
py-xgboost-gpu xgboost
xgboost xgboost xgboost-cpu
opencv ~opencv-python-headless opencv-python opencv-contrib-python opencv-contrib-python-headless
py-opencv ~opencv-python-headless opencv-python opencv-contrib-python opencv-contrib-python-headless
libopencv ~opencv-python-headless opencv-python opencv-contrib-python opencv-contrib-python-headless
faiss faiss-cpu faiss-gpu
faiss-gpu faiss-cpu faiss-gpu
onnxruntime onnxruntime onnxruntime-gpu
onnxruntime-cpp onnxruntime onnxruntime-gpu
psycopg2 psycopg2-binary psycopg2
matplotlib-base matplotlib
astropy-base astropy
geopandas-base geopandas
seaborn-base seaborn
pymc-base pymc
pytensor-base pytensor
cvxpy-base cvxpy
dask-core dask
pyarrow-core pyarrow
pandera-base pandera
pandera-core pandera
fastapi-core fastapi
uvicorn-standard uvicorn
google-cloud-bigquery-core google-cloud-bigquery
ray-core ray
ray-default ray
ray-serve ray
mlflow-ui mlflow mlflow-skinny
h2o-py h2o
h3-py h3
pytables tables
pysoundfile soundfile
python-sounddevice sounddevice
python-soxr soxr
soxr-python soxr
sentencepiece-python sentencepiece
msgpack-python msgpack
python-msgpack msgpack
python-xxhash xxhash
python-zstd zstd
brotli-python brotli
python-blosc blosc
python-flatbuffers flatbuffers
python-fastjsonschema fastjsonschema
python-tzdata tzdata
python-annoy annoy
python-lmdb lmdb
python-duckdb duckdb
python-igraph igraph python-igraph
python-graphviz graphviz
python-kaleido kaleido
python-kubernetes kubernetes
python-confluent-kafka confluent-kafka
python-wget wget
python-symengine symengine
python-avro avro
redis-py redis
docker-py docker
neo4j-python-driver neo4j
trino-python-client trino
ortools-python ortools
quantlib-python quantlib
pvlib-python pvlib
boruta-py boruta
u8darts darts u8darts
antlr-python-runtime antlr4-python3-runtime
`

// condaDebian lists conda packages that are programs or libraries which Python
// packages look for outside their wheels, and the Debian package of each.
const condaDebian = `
openjdk default-jre-headless
java-jdk default-jre-headless
ffmpeg ffmpeg
graphviz graphviz
git git
git-lfs git-lfs
curl curl
wget wget
unzip unzip
sox sox
portaudio libportaudio2
libgomp libgomp1
libgl libgl1
libmagic libmagic1
poppler poppler-utils
tesseract tesseract-ocr
ghostscript ghostscript
imagemagick imagemagick
pandoc pandoc
unixodbc unixodbc
nodejs nodejs
r-base r-base-core
openmpi openmpi-bin
mpich mpich
`

// condaSame lists distributions that have conda's name and are too well known for a
// private channel to mean another by it, and those that look like a library of C.
const condaSame = `
absl-py accelerate aiohttp alembic altair attrs azure-storage-blob beautifulsoup4
biopython bokeh boto3 botocore catboost category-encoders certifi cffi click
cloudpickle cmdstanpy cryptography cython dask databricks-sdk datasets dill diffusers
distributed docker fastapi filelock flask fsspec gensim geopandas gitpython
google-cloud-storage grpcio gunicorn h5py holidays httpx huggingface-hub hyperopt
imageio imbalanced-learn importlib-metadata importlib-resources jax jaxlib jinja2 joblib jsonschema keras kubernetes langchain
libclang libcst liblinear libpysal librosa libsass libsvm lightgbm lightning lime llvmlite lxml mako markdown matplotlib mlflow
mlflow-skinny mlserver mlserver-mlflow networkx nltk numba numexpr numpy omegaconf onnx
openpyxl optuna orjson packaging pandas patsy peft pillow plotly pmdarima polars
prometheus-client prophet protobuf psutil pyarrow pydantic pydot pymongo pymysql pyodbc
pyparsing pyspark pystan python-dateutil python-dotenv pytorch-lightning pytz pyyaml
redis regex requests rich rpy2 ruamel-yaml s3fs sacremoses safetensors scikit-image scikit-learn
scikit-optimize scipy seaborn sentence-transformers sentencepiece shap shapely six
sktime snowflake-connector-python soundfile spacy sqlalchemy sqlparse starlette
statsmodels sympy tabulate tenacity tensorboard tensorflow-hub tensorflow-probability
textblob threadpoolctl tiktoken timm tokenizers tomli torch torchaudio torchmetrics
torchtext torchvision tqdm transformers tsfresh typer typing-extensions umap-learn urllib3 uvicorn waitress
werkzeug wordcloud wrapt xarray xgboost xlrd zipp zstandard
`

// condaPatterns lists the other conda packages that are not Python's, and why nothing
// is installed for them. The first that fits counts.
func condaPatterns() []condaPattern {
	whole := func(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }
	return []condaPattern{
		{whole(`r-.*|bioconductor-.*|mro-base`), reasonR},
		{whole(`m2-.*|m2w64-.*|msys2-.*|vc|vc14-runtime|vs20\d\d.*|ucrt|pywin32(-.*)?|wincertstore|win-.*|winpty|pywinpty|pyreadline3?|console-shortcut|menuinst`), reasonWindows},
		{whole(`cuda.*|cudnn|cudatoolkit|nccl|cutensor|libcu.*|libnv.*|libnpp|nvidia-.*|magma.*|pytorch-cuda|pytorch-mutex|pytorch-gpu-mutex|cpuonly|tensorrt|tensorflow-gpu-base`), reasonCUDA},
		{whole(`.*compilers?|gcc.*|gxx.*|gfortran.*|clang.*|binutils.*|sysroot.*|kernel-headers.*|cmake|make|ninja|pkg-config|autoconf|automake|libtool|bison|flex|rust.*|go|.*-devel`), reasonCompiler},
		{whole(`conda|conda-.*|libconda|mamba|libmamba.*|micromamba|-.*|anaconda|anaconda-.*|miniconda|navigator-updater|nodefaults|python-abi`), reasonConda},
		{whole(`libgcc.*|libstdcxx.*|libcxx.*|ld-impl-.*|llvm-openmp|libexpat|expat|libffi|libuuid|libnsl|libxcrypt|zlib.*|libzlib.*|xz.*|liblzma.*|bzip2|openssl|ncurses|readline|tk|sqlite|libsqlite|ca-certificates|tzdata|icu|bash|libuv|libedit|gmp|mpfr|mpc|glib`), reasonBase},
		{whole(`brotlipy`), reasonOptional},
		{whole(`mkl|mkl-.*|dal|intel-openmp|tbb|blas|blas-.*|openblas|nomkl|numpy-base|blosc|c-blosc2|snappy|lz4-c|zstd|yaml|brotli|brotli-bin|hdf5|hdf4|netcdf|arrow-cpp|grpc-cpp|abseil-cpp|orc|re2|thrift-cpp|aws-.*|geos|proj|gdal-data|gflags|glog|boost.*|eigen|freetype|fontconfig|font.*|jpeg|giflib|lcms2|lerc|openjpeg|openh264|x264|x265|lame|nettle|gnutls|cairo|pango|harfbuzz|fribidi|pixman|graphite2|gettext|dbus|qt.*|sip|gst.*|xorg-.*|zeromq|krb5|keyutils|c-ares|nghttp2|rdma-core|utf8proc|double-conversion|rapidjson|perl|tensorflow-estimator-base|pcre2?|s2n|ucx|alsa-lib|lib.*`), reasonWheel},
	}
}

// condaNames is the table.
type condaNames struct {
	packages map[string]condaPackage
	patterns []condaPattern
}

// condaPattern matches names of conda packages that are not Python's.
type condaPattern struct {
	names  *regexp.Regexp
	reason string
}

func newCondaNames() *condaNames {
	n := &condaNames{packages: map[string]condaPackage{}, patterns: condaPatterns()}
	for name := range strings.FieldsSeq(condaSame) {
		n.packages[name] = condaPackage{pip: name}
	}
	for l := range strings.Lines(condaDebian) {
		if words := strings.Fields(l); len(words) > 0 {
			n.packages[words[0]] = condaPackage{debian: words[1]}
		}
	}
	for l := range strings.Lines(condaPip) {
		if words := strings.Fields(l); len(words) > 0 {
			pip, longer := strings.CutPrefix(words[1], "~")
			n.packages[words[0]] = condaPackage{pip: pip, longer: longer, others: words[2:]}
		}
	}
	return n
}

// find returns what stands for a conda package. known reports that the table has it:
// any other name is taken to be that of a distribution, which only the channels that
// everybody uses allow.
func (n *condaNames) find(name string) (found condaPackage, known bool) {
	name = pypi.CanonPackageName(name)
	if found, known = n.packages[name]; known {
		return found, true
	}
	for _, p := range n.patterns {
		if p.names.MatchString(name) {
			return condaPackage{reason: p.reason}, true
		}
	}
	return condaPackage{pip: name}, false
}

// everybodysChannels are the channels that have packages under the names of their
// distributions, and that nobody but their maintainers adds to.
const everybodysChannels = " defaults main free pro r msys2 nodefaults anaconda conda-forge pytorch pytorch-lts nvidia intel bioconda rapidsai huggingface fastai "

// everybodys reports whether a channel, which may be a URL or have a label, is one of
// these, or a mirror by its name.
func everybodys(channel string) bool {
	channel, _, _ = strings.Cut(strings.TrimRight(channel, "/"), "/label/")
	for _, platform := range []string{"/linux-64", "/linux-aarch64", "/noarch"} {
		channel = strings.TrimSuffix(channel, platform)
	}
	return strings.Contains(everybodysChannels, " "+channel[strings.LastIndex(channel, "/")+1:]+" ")
}
