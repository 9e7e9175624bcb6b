"""Azure's own Python client at the double: `read NAME...` prints what it sees of endpoints,
`create DIRECTORY...` makes what the documents in each directory say, and `invoke NAME FILE`
prints the answer of an endpoint."""

import json, pathlib, sys

from azure.ai.ml import MLClient, load_environment, load_online_deployment, load_online_endpoint
from azure.identity import ManagedIdentityCredential

SUBSCRIPTION, GROUP, WORKSPACE = sys.argv[1].split("/")
client = MLClient(ManagedIdentityCredential(), SUBSCRIPTION, GROUP, WORKSPACE, enable_telemetry=False, show_progress=False, cloud="Double")


def read(name):
    endpoint = client.online_endpoints.get(name)._to_dict()
    del endpoint["scoring_uri"]  # of each double it has another port
    deployments, environments = {}, {}
    for deployment in client.online_deployments.list(name):
        deployments[deployment.name] = deployment._to_dict()
        version = deployment.environment.rpartition("/")[2]
        environments[version] = client.environments.get(name, version)._to_dict()
    return {"endpoint": endpoint, "deployments": deployments, "environments": environments}


def create(directory):
    directory = pathlib.Path(directory)
    files = sorted(file.name for file in directory.iterdir())
    for file in files:
        if file.startswith("environment-"):
            client.environments.create_or_update(load_environment(directory / file))
    client.online_endpoints.begin_create_or_update(load_online_endpoint(directory / "endpoint.yaml")).result()
    for file in files:
        if file.startswith("deployment-"):
            client.online_deployments.begin_create_or_update(load_online_deployment(directory / file)).result()
    client.online_endpoints.begin_create_or_update(load_online_endpoint(directory / "traffic.yaml")).result()


if sys.argv[2] == "create":
    for directory in sys.argv[3:]:
        create(directory)
elif sys.argv[2] == "invoke":
    sys.stdout.write(client.online_endpoints.invoke(sys.argv[3], request_file=sys.argv[4]))
else:
    json.dump({name: read(name) for name in sys.argv[3:]}, sys.stdout, default=str)
