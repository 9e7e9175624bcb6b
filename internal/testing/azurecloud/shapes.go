package azurecloud

import (
	"encoding/json"
	"fmt"
	"reflect"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"
)

// shaped checks a body against the type that Azure's library has for it: what is unknown
// there gets lost on the way through it. And it must have what Azure demands.
func shaped(operation string, text []byte, body map[string]any) error {
	var into any
	var required [][]string
	switch operation {
	case "put environment":
		into = &api.EnvironmentVersion{}
		required = [][]string{{"properties", "image"}, {"properties", "osType"}}
		for _, route := range []string{"livenessRoute", "readinessRoute", "scoringRoute"} {
			required = append(required, []string{"properties", "inferenceConfig", route, "path"}, []string{"properties", "inferenceConfig", route, "port"})
		}
	case "put endpoint":
		into = &api.OnlineEndpoint{}
		required = [][]string{{"location"}, {"identity", "type"}, {"properties", "authMode"}}
	case "put deployment":
		into = &api.OnlineDeployment{}
		required = [][]string{{"location"}, {"sku", "name"}, {"sku", "capacity"}, {"properties", "endpointComputeType"}, {"properties", "environmentId"}, {"properties", "instanceType"}}
	case "get logs":
		into = &api.DeploymentLogsRequest{}
	default:
		return fmt.Errorf("it has a body: %s", text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return err
	}
	again, err := json.Marshal(into)
	if err != nil {
		return err
	}
	var through map[string]any
	if err := json.Unmarshal(again, &through); err != nil {
		return err
	}
	if !reflect.DeepEqual(through, body) {
		return fmt.Errorf("%s is %s in Azure's types", text, again)
	}
	for _, path := range required {
		if v := at(body, path...); v == nil || v == "" {
			return fmt.Errorf("%v is missing in %s", path, text)
		}
	}
	return nil
}
