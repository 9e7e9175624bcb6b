package azurecloud

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"
)

// shape is what Azure's library has for an operation: the types of its request and its
// answer, nil for no body, and what Azure demands of a request.
type shape struct {
	request, answer reflect.Type
	required        [][]string
	// version is that of the API, "" for that of Azure Machine Learning.
	version string
}

// status is how Azure's library polls an operation.
type status struct {
	ID     string           `json:"id"`
	Status string           `json:"status"`
	Error  *api.ErrorDetail `json:"error,omitempty"`
}

// shapes has all operations.
func shapes() map[string]shape {
	of := reflect.TypeFor[api.OnlineEndpoint]
	environment, deployment := reflect.TypeFor[api.EnvironmentVersion](), reflect.TypeFor[api.OnlineDeployment]()
	routes := [][]string{{"properties", "image"}, {"properties", "osType"}}
	for _, route := range []string{"livenessRoute", "readinessRoute", "scoringRoute"} {
		routes = append(routes, []string{"properties", "inferenceConfig", route, "path"}, []string{"properties", "inferenceConfig", route, "port"})
	}
	out := map[string]shape{
		"get workspace":      {answer: reflect.TypeFor[api.Workspace]()},
		"list environments":  {answer: reflect.TypeFor[api.EnvironmentVersionResourceArmPaginatedResult]()},
		"get environment":    {answer: environment},
		"put environment":    {request: environment, answer: environment, required: routes},
		"delete environment": {},
		"get endpoint":       {answer: of()},
		"put endpoint":       {request: of(), answer: of(), required: [][]string{{"location"}, {"identity", "type"}, {"properties", "authMode"}}},
		"delete endpoint":    {},
		"list keys":          {answer: reflect.TypeFor[api.EndpointAuthKeys]()},
		"get token":          {answer: reflect.TypeFor[api.EndpointAuthToken]()},
		"list deployments":   {answer: reflect.TypeFor[api.OnlineDeploymentTrackedResourceArmPaginatedResult]()},
		"get deployment":     {answer: deployment},
		"put deployment":     {request: deployment, answer: deployment, required: [][]string{{"location"}, {"sku", "name"}, {"sku", "capacity"}, {"properties", "endpointComputeType"}, {"properties", "environmentId"}, {"properties", "instanceType"}}},
		"delete deployment":  {},
		"get logs":           {request: reflect.TypeFor[api.DeploymentLogsRequest](), answer: reflect.TypeFor[api.DeploymentLogs]()},
		"get operation":      {answer: reflect.TypeFor[status]()},
		"get result":         {},
		"put job":            {request: reflect.TypeFor[api.JobBase](), answer: reflect.TypeFor[api.JobBase](), required: [][]string{{"properties", "jobType"}, {"properties", "command"}, {"properties", "environmentId"}}},
		"get job":            {answer: reflect.TypeFor[api.JobBase]()},
		"cancel job":         {},
	}
	maps.Copy(out, otherShapes())
	maps.Copy(out, scalingShapes())
	return out
}

// asked checks a request: it must have what Azure demands, and nothing that Azure alone sets.
func (s shape) asked(text []byte) error {
	body, err := shaped(s.request, text)
	if err != nil || body == nil {
		return err
	}
	for _, path := range s.required {
		if v := at(body, path...); v == nil || v == "" {
			return fmt.Errorf("%v is missing in %s", path, text)
		}
	}
	for _, path := range [][]string{{"id"}, {"name"}, {"type"}, {"systemData"}, {"identity", "principalId"}, {"properties", "provisioningState"}, {"properties", "scoringUri"}, {"properties", "swaggerUri"}, {"properties", "status"}} {
		if at(body, path...) != nil {
			return fmt.Errorf("%v is Azure's to set in %s", path, text)
		}
	}
	return nil
}

// answered checks an answer or a refusal.
func (s shape) answered(out answer, failed error) error {
	want, body := s.answer, out.body
	if failed != nil {
		refused, ok := failed.(*refusal)
		if !ok {
			return failed
		}
		want, body = reflect.TypeFor[api.ErrorResponse](), errorOf(refused)
	}
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	_, err := shaped(want, text)
	return err
}

// shaped checks a body against the type that Azure's library has for it: what is unknown
// there gets lost on the way through it, and a word must be one of those that it lists.
func shaped(want reflect.Type, text []byte) (body map[string]any, err error) {
	if want == nil || len(text) == 0 {
		if want == nil && len(text) > 0 {
			err = fmt.Errorf("it has a body: %s", text)
		}
		return nil, err
	}
	into := reflect.New(want)
	if err := json.Unmarshal(text, into.Interface()); err != nil {
		return nil, err
	}
	again, err := json.Marshal(into.Interface())
	if err != nil {
		return nil, err
	}
	var through map[string]any
	if err := json.Unmarshal(again, &through); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(through, body) {
		return nil, fmt.Errorf("%s is %s in Azure's types", text, again)
	}
	return body, listed(into, words())
}

// words has the values of the library's enumerations.
func words() map[reflect.Type][]string {
	out := map[reflect.Type][]string{}
	add(out, api.PossibleEndpointAuthModeValues())
	add(out, api.PossibleEndpointProvisioningStateValues())
	add(out, api.PossibleDeploymentProvisioningStateValues())
	add(out, api.PossiblePublicNetworkAccessTypeValues())
	add(out, api.PossibleEgressPublicNetworkAccessTypeValues())
	add(out, api.PossibleManagedServiceIdentityTypeValues())
	add(out, api.PossibleOperatingSystemTypeValues())
	add(out, api.PossibleEndpointComputeTypeValues())
	add(out, api.PossibleScaleTypeValues())
	add(out, api.PossibleContainerTypeValues())
	add(out, api.PossibleAssetProvisioningStateValues())
	add(out, api.PossibleEnvironmentTypeValues())
	add(out, api.PossibleUsageUnitValues())
	scalingWords(out)
	add(out, api.PossibleJobTypeValues())
	add(out, api.PossibleJobStatusValues())
	add(out, api.PossibleJobInputTypeValues())
	add(out, api.PossibleJobOutputTypeValues())
	add(out, api.PossibleJobLimitsTypeValues())
	add(out, api.PossibleInputDeliveryModeValues())
	add(out, api.PossibleOutputDeliveryModeValues())
	return out
}

func add[T ~string](to map[reflect.Type][]string, values []T) {
	var out []string
	for _, v := range values {
		out = append(out, string(v))
	}
	to[reflect.TypeFor[T]()] = out
}

// listed finds a word that is in none of the lists. Azure's own client has some in lower case.
func listed(v reflect.Value, lists map[reflect.Type][]string) error {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return listed(v.Elem(), lists)
		}
	case reflect.Struct:
		for n := range v.NumField() {
			if err := listed(v.Field(n), lists); err != nil {
				return err
			}
		}
	case reflect.Slice:
		for n := range v.Len() {
			if err := listed(v.Index(n), lists); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if err := listed(v.MapIndex(key), lists); err != nil {
				return err
			}
		}
	case reflect.String:
		if known, ok := lists[v.Type()]; !ok && strings.Contains(v.Type().PkgPath(), "/resourcemanager/") || ok && !slices.ContainsFunc(known, func(word string) bool { return strings.EqualFold(word, v.String()) }) {
			return fmt.Errorf("%q is no %s of %q", v.String(), v.Type().Name(), known)
		}
	}
	return nil
}
