"""The paths of the Open Inference Protocol in the document."""

import itertools
import json
from urllib.parse import quote

JSON = "application/json"
TEXT, NUMBER = {"type": "string"}, {"type": "integer", "minimum": 0}
PARAMETERS = {"type": "object"}
DATATYPES = ("BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES")


def fields(required, **properties):
    return {"type": "object", "properties": properties, "required": required.split()}


def ref(name):
    return {"$ref": "#/components/schemas/" + name}


def many(name):
    return {"type": "array", "items": ref(name)}


DATATYPE = {"enum": list(DATATYPES)}
SCHEMAS = {
    "V2Error": fields("error", error=TEXT),
    "V2Server": fields("name version extensions", name=TEXT, version=TEXT, extensions={"type": "array", "items": TEXT}),
    "V2TensorMetadata": fields("name datatype shape", name=TEXT, datatype=DATATYPE, shape={"type": "array", "items": {"type": "integer", "minimum": -1}}, parameters=PARAMETERS),
    "V2Model": fields("name platform inputs outputs", name=TEXT, versions={"type": "array", "items": TEXT}, platform=TEXT, inputs=many("V2TensorMetadata"),
                      outputs=many("V2TensorMetadata")),
    "V2Data": {"type": "array", "items": {"anyOf": [ref("V2Data"), {"type": ["number", "string", "boolean", "null"]}]}},
    "V2Tensor": fields("name shape datatype data", name=TEXT, shape={"type": "array", "items": NUMBER}, datatype=DATATYPE, parameters=PARAMETERS, data=ref("V2Data")),
    "V2Output": fields("name", name=TEXT, parameters=PARAMETERS),
    "V2Request": fields("inputs", id=TEXT, parameters=PARAMETERS, inputs={**many("V2Tensor"), "minItems": 1}, outputs=many("V2Output")),
    "V2Answer": fields("model_name outputs", model_name=TEXT, model_version=TEXT, id=TEXT, parameters=PARAMETERS, outputs=many("V2Tensor")),
    "V2Live": fields("live", live={"type": "boolean"}),
    "V2Ready": fields("ready", name=TEXT, live={"type": "boolean"}, ready={"type": "boolean"}),
}


def add(paths, schemas, metadata, server, saved):
    from ..v2 import metadata as described
    name, version = described.named(**server["model"])
    model = "/v2/models/" + quote(name, safe="")
    schemas.update(SCHEMAS)

    def get(path, summary, schema):
        paths[path] = {"get": {"operationId": path[1:].replace("/", "-"), "summary": summary, "responses": {
            "200": {"description": "OK", "content": {JSON: {"schema": ref(schema)}}}}}}
    get("/v2", "The server", "V2Server")
    get("/v2/health/live", "Is the server alive?", "V2Live")
    get("/v2/health/ready", "Is the server ready?", "V2Ready")
    try:
        example = tensors(saved, described.of(name, version, metadata)["inputs"])
    except (KeyError, TypeError, ValueError):
        # Nobody has checked what the model has saved.
        example = None
    for prefix in (model, model + "/versions/" + quote(version, safe="")):
        get(prefix, "The model", "V2Model")
        get(prefix + "/ready", "Is the model ready?", "V2Ready")
        paths[prefix + "/infer"] = {"post": {
            "operationId": prefix[1:].replace("/", "-") + "-infer", "summary": "Predict, by the Open Inference Protocol",
            "requestBody": {"required": True, "content": {JSON: {"schema": ref("V2Request"), **({"example": example} if example else {})}}},
            "responses": {"200": {"description": "The predictions", "content": {JSON: {"schema": ref("V2Answer")}}},
                          **{code: {"description": text, "content": {JSON: {"schema": ref("V2Error")}}}
                             for code, text in (("400", "The request does not fit the model"), ("500", "The model failed"))}}}}


def tensors(saved, inputs):
    """The example as tensors, or None if it has another form."""
    if not isinstance(saved, dict) or not inputs:
        return None
    split, plain = saved.get("dataframe_split"), saved.get("inputs")
    if isinstance(split, dict) and isinstance(split.get("columns"), list):
        given = dict(zip(map(str, split["columns"]), map(list, zip(*split["data"]))))
    elif isinstance(plain, dict):
        given = plain
    elif isinstance(plain, list) and len(inputs) == 1:
        given = {inputs[0]["name"]: plain}
    else:
        return None
    found = []
    for spec in inputs:
        if spec["name"] not in given:
            continue
        data = given[spec["name"]]
        if not isinstance(data, list):
            return None
        if spec.get("parameters", {}).get("content_type") == "json":
            data, shape = [json.dumps(x) for x in data], [len(data)]
        else:
            data, shape = flat(data)
        found.append({"name": spec["name"], "shape": shape, "datatype": spec["datatype"], "data": data})
    request = {"inputs": found} if found else None
    if request and saved.get("params"):
        request["parameters"] = saved["params"]
    return request


def flat(data):
    """Nested lists as one, and their shape."""
    shape = [len(data)]
    while data and all(isinstance(x, list) and len(x) == len(data[0]) for x in data):
        shape.append(len(data[0]))
        data = list(itertools.chain.from_iterable(data))
    return data, shape
