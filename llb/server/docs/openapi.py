"""The server as an OpenAPI document, from the model's signature and saved input."""

from . import example, types

JSON = "application/json"
# MLflow takes bodies with these names as they are.
UNWRAPPED = {"messages", "prompt", "input"}


def document(metadata, server, model):
    """The document of a model, whose directory is model."""
    inputs, outputs, params = metadata.get_input_schema(), metadata.get_output_schema(), metadata.get_params_schema()
    saved, made = example.of(model, inputs, params)
    schemas = {"Error": {"type": "object", "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}}, "required": ["message"]},
               "Request": request(inputs, params), "Answer": {"type": "object", "properties": {"predictions": predictions(outputs)}, "required": ["predictions"]}}
    paths = {
        "/invocations": {"post": {
            "operationId": "invocations", "summary": "Predict", "description": made,
            "requestBody": {"required": True, "content": {
                JSON: {"schema": ref("Request"), **({"example": saved} if saved is not None else {})},
                "text/csv": {"schema": {"type": "string"}}, "application/vnd.apache.parquet": {"schema": {}}}},
            "responses": {"200": answer("The predictions", ref("Answer")), "400": answer("The request does not fit the model, or the model failed", ref("Error")),
                          "415": {"description": "Another content type"}, "504": {"description": "It took too long"}, **limits(server)}}},
        "/ping": {"get": {"operationId": "ping", "summary": "Is the model loaded?", "responses": {"200": {"description": "Yes"}}}},
        "/health": {"get": {"operationId": "health", "summary": "As /ping", "responses": {"200": {"description": "Yes"}}}},
        "/version": {"get": {"operationId": "version", "summary": "MLflow's version", "responses": {"200": {"description": "The version"}}}},
    }
    if server.get("drain-seconds"):
        paths["/livez"] = {"get": {"operationId": "livez", "summary": "Is the server alive?", "responses": {"200": {"description": "Yes"}}}}
    if server.get("metrics"):
        paths["/metrics"] = {"get": {"operationId": "metrics", "summary": "Metrics of Prometheus", "responses": {
            "200": {"description": "The metrics", "content": {"text/plain": {"schema": {"type": "string"}}}}}}}
    if "v2" in server.get("protocols", ()):
        from . import v2
        v2.add(paths, schemas, metadata, server, saved)
    return {"openapi": "3.1.0", "info": {"title": server["model"]["name"], "version": server["model"]["version"] or "1"},
            "paths": paths, "components": {"schemas": schemas}}


def ref(name):
    return {"$ref": "#/components/schemas/" + name}


def answer(description, schema):
    return {"description": description, "content": {JSON: {"schema": schema}}}


def limits(server):
    found = {}
    if server.get("max-body"):
        found["413"] = answer(f"The body has more than {server['max-body']} bytes", ref("Error"))
    if server.get("max-concurrency") or server.get("drain-seconds"):
        found["503"] = answer("Try again later", ref("Error"))
    return found


def request(inputs, params):
    """Each of the forms that MLflow takes, with the types of the signature."""
    forms, given = [], {}
    if params:
        given = {"params": {"type": "object", "properties": {p.name: param(p) for p in params}}}

    def form(name, schema):
        forms.append({"type": "object", "properties": {name: schema, **given}, "required": [name]})
    if inputs is not None and inputs.is_tensor_spec():
        named = inputs.has_input_names()
        tensors = {spec.name: types.tensor(spec) for spec in inputs} if named else types.tensor(inputs.inputs[0])
        form("inputs", {"type": "object", "properties": tensors, "required": list(tensors)} if named else tensors)
        form("instances", {"type": "array"})
        return {"anyOf": forms}
    if inputs is None or not inputs.has_input_names():
        row, names = {}, {"type": "array"}
    else:
        row = types.fields([(spec.name, spec.type, spec.required) for spec in inputs])
        names = {"type": "array", "items": {"enum": inputs.input_names()}}
    form("dataframe_split", {"type": "object", "properties": {"columns": names, "index": {"type": "array"}, "data": {"type": "array", "items": {"type": "array"}}},
                             "required": ["data"]})
    form("dataframe_records", {"type": "array", "items": row})
    form("instances", {"type": "array"})
    form("inputs", {})
    if inputs is not None and UNWRAPPED & set(inputs.input_names()):
        forms.append(row)
    return {"anyOf": forms}


def param(spec):
    schema = types.schema(spec.dtype)
    return {**({"type": "array", "items": schema} if spec.shape else schema), "default": example.plain(spec.default)}


def predictions(outputs):
    if outputs is None:
        return {}
    if outputs.is_tensor_spec():
        if outputs.has_input_names() and len(outputs) > 1:
            return {"type": "object", "properties": {spec.name: types.tensor(spec) for spec in outputs}}
        return types.tensor(outputs.inputs[0])
    if outputs.has_input_names():
        row = types.fields([(spec.name, spec.type, spec.required) for spec in outputs])
        return {"anyOf": [{"type": "array", "items": row}, row]}
    return {"type": "array", "items": types.schema(outputs.inputs[0].type)} if len(outputs) == 1 else {"type": "array"}
