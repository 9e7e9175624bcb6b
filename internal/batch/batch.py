"""Scores all of a file with the image's model: batch.py INPUT-FORMAT OUTPUT-FORMAT.

Where the file is, and where the predictions go, is in BATCH_INPUT and
BATCH_OUTPUT: a path, or a URL s3://BUCKET/KEY or http(s)://. The output "-" is
the log: base64 between two lines.
"""

import base64
import contextlib
import hashlib
import http.client
import importlib.util
import io
import itertools
import json
import os
import shutil
import sys
import tempfile
import traceback
import urllib.error
import urllib.parse
import urllib.request

ROWS = 10_000
LOG_LIMIT = 4 << 20
ADD = "add it to a file of [environment] requirements, and build again"


def say(message):
    print("batch:", message, file=sys.stderr, flush=True)


def fail(message):
    # deployfile tells its user what stands after this.
    say(f"error: {message}")
    sys.exit(1)


def scheme(location):
    return urllib.parse.urlsplit(location).scheme if "://" in location else ""


def shown(location):
    """The location as it was asked for, without what may be a secret: user, password and query."""
    if location.startswith("/claims/"):
        return "pvc://" + location.removeprefix("/claims/")
    if scheme(location) in ("", "s3"):
        return location
    url = urllib.parse.urlsplit(location)
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"


def s3(url):
    """A client, the bucket and the key."""
    try:
        import boto3
    except ImportError:
        fail(f"{shown(url)}: the image has no boto3: {ADD}")
    # A key is no path of a URL: it may have a ? or a %, which say nothing.
    bucket, _, key = url.removeprefix("s3://").partition("/")
    # Where it is not set, boto3 goes by AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL.
    return boto3.client("s3", endpoint_url=os.environ.get("MLFLOW_S3_ENDPOINT_URL") or None), bucket, key


def fetch(location, folder):
    """The path of a local copy."""
    if not scheme(location):
        open(location, "rb").close()
        return location
    path = os.path.join(folder, "input")
    if scheme(location) == "s3":
        client, bucket, key = s3(location)
        # The download begins with a HEAD, whose answer never says what is wrong.
        client.get_object(Bucket=bucket, Key=key)["Body"].close()
        client.download_file(bucket, key, path)
    else:
        with urllib.request.urlopen(location) as answer, open(path, "wb") as f:
            shutil.copyfileobj(answer, f)
    return path


def deliver(path, location, log):
    """Brings the file to where it was asked for, whole or not at all."""
    if location == "-":
        with open(path, "rb") as f:
            content = f.read(LOG_LIMIT + 1)
        if len(content) > LOG_LIMIT:
            fail("the predictions are more than 4 MiB, too many for the log: write them to pvc://, s3:// or https://")
        text = base64.encodebytes(content).decode()
        log.write(f"-----BEGIN BATCH OUTPUT-----\n{text}-----END BATCH OUTPUT {hashlib.sha256(content).hexdigest()}-----\n")
        log.flush()
    elif scheme(location) == "s3":
        client, bucket, key = s3(location)
        with open(path, "rb") as f:
            client.upload_fileobj(f, bucket, key)
    elif scheme(location):
        with open(path, "rb") as f:
            request = urllib.request.Request(location, data=f, method="PUT")
            request.add_header("Content-Length", str(os.path.getsize(path)))
            request.add_header("Content-Type", "application/octet-stream")
            urllib.request.urlopen(request).close()
    else:
        os.makedirs(os.path.dirname(location), exist_ok=True)
        part = location + ".part"
        try:
            shutil.copyfile(path, part)
            os.replace(part, location)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(part)
            raise


def slices(frame):
    for start in range(0, len(frame), ROWS):
        yield frame.iloc[start : start + ROWS]


def records(path, schema):
    """A JSON object a line, with the types that the model wants."""
    from mlflow.pyfunc.scoring_server import infer_and_parse_data

    with open(path, encoding="utf-8") as f:
        values = (json.loads(line) for line in f if line.strip())
        while chunk := list(itertools.islice(values, ROWS)):
            yield infer_and_parse_data({"dataframe_records": chunk}, schema)


def read(path, form, schema):
    """The input in chunks, and the parameters of the prediction."""
    import pandas

    if form == "csv":
        types = None
        if schema is not None and not schema.is_tensor_spec() and schema.has_input_names():
            types = dict(zip(schema.input_names(), schema.pandas_types()))
        return pandas.read_csv(path, dtype=types, chunksize=ROWS), None
    if form == "jsonl":
        return records(path, schema), None
    if form == "parquet":
        import pyarrow.parquet

        return (batch.to_pandas() for batch in pyarrow.parquet.ParquetFile(path).iter_batches(ROWS)), None

    with open(path, encoding="utf-8") as f:
        value = json.load(f)
    if isinstance(value, list):
        value = {"dataframe_records": value}
    if not isinstance(value, dict):
        raise ValueError("it is neither an object nor a list")
    from mlflow.pyfunc.scoring_server import infer_and_parse_data

    parameters = value.pop("params", None)
    data = infer_and_parse_data(value, schema)
    return slices(data) if isinstance(data, pandas.DataFrame) else [data], parameters


def table(predictions):
    """The predictions as a data frame."""
    import pandas

    if isinstance(predictions, pandas.DataFrame):
        return predictions
    if isinstance(predictions, pandas.Series):
        return predictions.to_frame(predictions.name or "prediction")
    if isinstance(predictions, dict):
        return pandas.DataFrame(predictions)
    frame = pandas.DataFrame(predictions)
    if list(frame.columns) == [0]:
        return frame.set_axis(["prediction"], axis="columns")
    return frame.set_axis([str(name) for name in frame.columns], axis="columns")


def jsonable(predictions):
    """The predictions as MLflow's server answers with them."""
    from mlflow.pyfunc.scoring_server import predictions_to_json

    answer = io.StringIO()
    predictions_to_json(predictions, answer)
    return json.loads(answer.getvalue())["predictions"]


def write(chunks, path, form):
    """Writes the predictions, one chunk after the other."""
    import pandas

    if form == "parquet":
        frames = [table(chunk) for chunk in chunks]
        (pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame()).to_parquet(path, index=False)
        return
    with open(path, "w", encoding="utf-8", newline="") as f:
        if form == "csv":
            for i, chunk in enumerate(chunks):
                table(chunk).to_csv(f, index=False, header=i == 0)
            return
        separator = ""
        if form == "json":
            f.write('{"predictions": ')
            separator = "["
        for chunk in chunks:
            values = jsonable(chunk)
            if not isinstance(values, list):
                values = [values]
            for value in values:
                f.write(separator + json.dumps(value))
                if form == "json":
                    separator = ", "
                else:
                    f.write("\n")
        if form == "json":
            f.write("[]}" if separator == "[" else "]}")


def scored(model, chunks, parameters, origin):
    """The predictions for one chunk after the other."""
    rows = 0
    chunks = iter(chunks)
    while True:
        try:
            chunk = next(chunks, None)
        except Exception as e:  # those of whatever reader it is
            fail(f"cannot read {origin} beyond {rows} rows: {reason(e)}")
        if chunk is None:
            return
        try:
            predictions = model.predict(chunk, params=parameters) if parameters else model.predict(chunk)
        except Exception:  # the model's own
            traceback.print_exc()
            fail(f"the model failed on the rows after {rows} (above)")
        yield predictions
        rows += len(chunk)
        say(f"{rows} rows")


def main():
    input_form, output_form = sys.argv[1:3]
    source, target = os.environ["BATCH_INPUT"], os.environ["BATCH_OUTPUT"]
    # Whatever the model prints must not be among the predictions.
    log = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        import mlflow.pyfunc
    except ImportError as e:
        fail(f"the image cannot load an MLflow model ({e}): a batch needs server.kind mlflow")
    if "parquet" in (input_form, output_form) and importlib.util.find_spec("pyarrow") is None:
        fail(f"parquet: the image has no pyarrow: {ADD}")

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        say(f"reading {shown(source)}")
        try:
            path = fetch(source, folder)
        except Exception as e:  # those of whatever client it is
            fail(f"cannot read {shown(source)}: {reason(e)}")
        model = mlflow.pyfunc.load_model(os.environ.get("MODEL_PATH", "/opt/model"))
        try:
            chunks, parameters = read(path, input_form, model.metadata.get_input_schema())
        except Exception as e:  # as above
            fail(f"cannot read {shown(source)} as {input_form}: {reason(e)}")
        if hasattr(chunks, "close"):
            stack.callback(chunks.close)
        result = os.path.join(folder, "output")
        write(scored(model, chunks, parameters, shown(source)), result, output_form)
        try:
            deliver(result, target, log)
        except Exception as e:  # as above
            fail(f"cannot write {shown(target)}: {reason(e)}")
    say(f"wrote {shown(target) if target != '-' else 'the predictions to the log'}")


def reason(error):
    """The error in its own words, of which some name the URL they were given."""
    if isinstance(error, urllib.error.HTTPError):
        # A refused redirection is told with the URL that it leads to.
        return f"the server answered {error.code} {http.client.responses.get(error.code, '')}".strip()
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    if isinstance(error, http.client.InvalidURL):
        # It quotes what it takes for a port or a path.
        return "it is not a valid URL"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    answer = getattr(error, "response", None)
    if isinstance(answer, dict) and "Error" in answer:
        # boto3's: what S3 itself says, which at times is a code alone.
        return ": ".join(filter(None, (answer["Error"].get("Code"), answer["Error"].get("Message"))))
    text = f"{type(error).__name__}: {error}"
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        # A header that is not valid is quoted in full.
        if value := os.environ.get(name, "").strip():
            text = text.replace(value, f"${name}")
    return text


main()
