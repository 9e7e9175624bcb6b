package awscloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/publish/publishtest"
)

// refusal is an answer of AWS that reports an error.
type refusal struct {
	status        int
	code, message string
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

func invalid(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, "ValidationException", fmt.Sprintf(format, args...)}
}

// scope matches the credential of a signed request: key, day, region, service.
var scope = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/[0-9]{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, ?SignedHeaders=[^ ]*host[^ ]*, ?Signature=[0-9a-f]{64}$`)

// serve is the server of all services.
func (c *Cloud) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	operation, service := route(r, body)
	if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m == nil || m[1] != c.Region && service != "iam" || m[2] != service {
		c.mu.Lock()
		c.mistake("%s is not signed for %s in %s: %q", operation, service, c.Region, r.Header.Get("Authorization"))
		c.mu.Unlock()
		http.Error(w, "not signed", http.StatusForbidden)
		return
	}
	if service == "s3" {
		operation = storageOperation(r)
	}
	fault := publishtest.NoFault
	if c.Fault != nil {
		fault = c.Fault(operation)
	}
	switch fault {
	case publishtest.Throttled:
		c.refuse(w, service, &refusal{http.StatusBadRequest, "ThrottlingException", "Rate exceeded"})
		return
	case publishtest.Internal:
		c.refuse(w, service, &refusal{http.StatusInternalServerError, "InternalFailure", ""})
		return
	case publishtest.Cut:
		panic(http.ErrAbortHandler)
	}
	if service == "sagemaker" && strings.HasPrefix(r.URL.Path, "/endpoints/") {
		if operation == "InvokeEndpointAsync" {
			c.invokeAsync(w, r)
			return
		}
		c.invoke(w, r, body)
		return
	}
	if service == "s3" {
		c.store(w, r, operation, body, fault == publishtest.LostReply)
		return
	}
	out, err := c.do(operation, body)
	if fault == publishtest.LostReply {
		panic(http.ErrAbortHandler)
	}
	if service == "iam" || service == "sts" {
		c.answerQuery(w, operation, out, err)
		return
	}
	if service == "monitoring" {
		c.answerCBOR(w, out, err)
		return
	}
	c.answer(w, out, err)
}

// route returns what a request asks for, and the service that it must be signed for.
func route(r *http.Request, body []byte) (operation, service string) {
	if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil && m[2] == "s3" {
		return r.Method, "s3"
	}
	target := r.Header.Get("X-Amz-Target")
	prefix, name, _ := strings.Cut(target, ".")
	if name, ok := strings.CutPrefix(r.URL.Path, "/service/GraniteServiceVersion20100801/operation/"); ok {
		return "alarms:" + name, "monitoring"
	}
	switch {
	case prefix == "SageMaker":
		return name, "sagemaker"
	case prefix == "AmazonEC2ContainerRegistry_V20150921":
		return "ecr:" + name, "ecr"
	case prefix == "ServiceQuotasV20190624":
		return "quotas:" + name, "servicequotas"
	case prefix == "AnyScaleFrontendService":
		return "scaling:" + name, "application-autoscaling"
	case strings.HasPrefix(prefix, "Logs_"):
		return "logs:" + name, "logs"
	case strings.HasSuffix(r.URL.Path, "/async-invocations"):
		return "InvokeEndpointAsync", "sagemaker"
	case strings.HasPrefix(r.URL.Path, "/endpoints/"):
		return "InvokeEndpoint", "sagemaker"
	}
	if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil && (m[2] == "sts" || m[2] == "iam") {
		if form, err := url.ParseQuery(string(body)); err == nil {
			return m[2] + ":" + form.Get("Action"), m[2]
		}
	}
	return r.Method + " " + r.URL.Path, "sagemaker"
}

// refuse answers with an error, as the service's protocol has it.
func (c *Cloud) refuse(w http.ResponseWriter, service string, err *refusal) {
	if service == "s3" {
		if err.code == "ThrottlingException" {
			err = &refusal{http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate."}
		}
		refuseStorage(w, err)
		return
	}
	if service == "iam" || service == "sts" {
		c.answerQuery(w, "", nil, err)
		return
	}
	if service == "monitoring" {
		c.answerCBOR(w, nil, err)
		return
	}
	c.answer(w, nil, err)
}

// answerQuery answers in the query protocol, which is XML.
func (c *Cloud) answerQuery(w http.ResponseWriter, operation string, out any, err error) {
	w.Header().Set("Content-Type", "text/xml")
	var refused *refusal
	if errors.As(err, &refused) {
		w.WriteHeader(refused.status)
		_, _ = io.WriteString(w, queryError(refused))
		return
	}
	_, action, _ := strings.Cut(operation, ":")
	_, _ = io.WriteString(w, queryAnswer(action, out))
}

func (c *Cloud) answer(w http.ResponseWriter, out any, err error) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	var refused *refusal
	if errors.As(err, &refused) {
		w.Header().Set("X-Amzn-ErrorType", refused.code)
		w.WriteHeader(refused.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": refused.code, "message": refused.message})
		return
	}
	if out == nil {
		out = map[string]any{}
	}
	_ = json.NewEncoder(w).Encode(out)
}

// do does what is asked for.
func (c *Cloud) do(operation string, body []byte) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pass()
	c.calls = append(c.calls, operation)
	handler := map[string]func(map[string]any) (any, error){
		"CreateModel": c.createModel, "DescribeModel": c.describeModel, "DeleteModel": c.deleteModel, "ListModels": c.listModels,
		"CreateEndpointConfig": c.createConfig, "DescribeEndpointConfig": c.describeConfig, "DeleteEndpointConfig": c.deleteConfig,
		"CreateEndpoint": c.createEndpoint, "UpdateEndpoint": c.updateEndpoint, "DescribeEndpoint": c.describeEndpoint, "DeleteEndpoint": c.deleteEndpoint,
		"UpdateEndpointWeightsAndCapacities": c.updateWeights,
		"CreateTransformJob":                 c.createJob, "DescribeTransformJob": c.describeJob, "StopTransformJob": c.stopJob,
		"AddTags": c.addTags, "DeleteTags": c.deleteTags, "ListTags": c.listTags,
		"scaling:RegisterScalableTarget": c.register, "scaling:DeregisterScalableTarget": c.deregister, "scaling:PutScalingPolicy": c.putPolicy,
		"scaling:DescribeScalableTargets": c.describeScaling, "scaling:DescribeScalingPolicies": c.describePolicies,
		"iam:GetRole": c.getRole, "iam:SimulatePrincipalPolicy": c.simulatePolicy, "sts:GetCallerIdentity": c.callerIdentity,
		"quotas:ListServiceQuotas": c.listQuotas,
		"alarms:PutMetricAlarm":    c.putAlarm, "alarms:DescribeAlarms": c.describeAlarms, "alarms:DeleteAlarms": c.deleteAlarms, "scaling:DeleteScalingPolicy": c.deletePolicy,
		"logs:FilterLogEvents":      c.filterLogs,
		"ecr:DescribeRepositories":  c.describeRepositories,
		"ecr:CreateRepository":      c.createRepository,
		"ecr:GetAuthorizationToken": c.authorizationToken,
	}[operation]
	if handler == nil {
		c.mistake("unknown operation %s", operation)
		return nil, &refusal{http.StatusBadRequest, "UnknownOperationException", operation}
	}
	if strings.HasPrefix(operation, "iam:") || strings.HasPrefix(operation, "sts:") {
		fields, err := fieldsOf(body)
		if err != nil {
			return nil, invalid("%v", err)
		}
		body, _ = json.Marshal(fields)
	}
	if strings.HasPrefix(operation, "alarms:") {
		fields, err := jsonOf(body)
		if err != nil {
			return nil, invalid("%v", err)
		}
		body = fields
	}
	if c.Shapes != nil {
		if err := c.Shapes(operation, true, body); err != nil {
			c.mistake("request %s: %v", operation, err)
			return nil, invalid("1 validation error detected: %v", err)
		}
	}
	in := map[string]any{}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &refusal{http.StatusBadRequest, "SerializationException", err.Error()}
	}
	if err := c.may(operation, in); err != nil {
		return nil, err
	}
	out, err := handler(in)
	if err != nil {
		return nil, err
	}
	if c.Shapes != nil {
		text, _ := json.Marshal(out)
		if string(text) == "null" {
			text = []byte("{}")
		}
		if err := c.Shapes(operation, false, text); err != nil {
			c.mistake("answer to %s: %v", operation, err)
		}
	}
	return out, nil
}
