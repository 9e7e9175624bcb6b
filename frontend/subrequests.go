package frontend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests"
	bklint "github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"
	"github.com/moby/buildkit/solver/pb"
)

// The subrequests that are this frontend's own, beside BuildKit's outline,
// targets, lint and describe: docker buildx build --call=plan and --call=schema.
const (
	// requestPlan answers with the plan of each platform, as JSON.
	requestPlan = "frontend.plan"
	// requestSchema answers with the JSON Schema of the Deployfile.
	requestSchema = "frontend.schema"
)

// subrequest answers a question instead of building; ok is false if there is
// none.
func (r *request) subrequest(ctx context.Context) (res *gwclient.Result, ok bool, err error) {
	switch r.client.BuildOpts().Opts["requestid"] {
	case requestSchema:
		data, err := deployfile.Schema(kinds.All())
		return answer(data), true, err
	case bklint.SubrequestLintDefinition.Name:
		res, err := r.lintResult(ctx)
		return res, true, err
	case subrequests.RequestSubrequestsDescribe:
		res, err := describe()
		return res, true, err
	case requestPlan:
		res, err := r.planResult(ctx)
		return res, true, err
	}
	return r.ui.HandleSubrequest(ctx, dockerui.RequestHandler{
		Outline:     r.outline,
		ListTargets: r.listTargets,
	})
}

// planResult returns the plans, the first of which is the answer.
func (r *request) planResult(ctx context.Context) (*gwclient.Result, error) {
	in, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	files, err := in.planFiles(ctx)
	if err != nil {
		return nil, in.locateSource(err)
	}
	names := slices.Sorted(maps.Keys(files))
	res := answer(files[names[0]])
	for _, name := range names {
		res.AddMeta(name, files[name])
	}
	return res, nil
}

// describe lists the subrequests.
func describe() (*gwclient.Result, error) {
	files := []subrequests.Named{{Name: "result.json"}, {Name: "result.txt"}}
	all := []subrequests.Request{
		outline.SubrequestsOutlineDefinition, targets.SubrequestsTargetsDefinition, bklint.SubrequestLintDefinition,
		{Name: requestPlan, Version: "1.0.0", Type: subrequests.TypeRPC, Description: "What the image is made of", Metadata: files},
		{Name: requestSchema, Version: "1.0.0", Type: subrequests.TypeRPC, Description: "JSON Schema of the Deployfile", Metadata: files},
		subrequests.SubrequestsDescribeDefinition,
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := subrequests.PrintDescribe(data, &text); err != nil {
		return nil, err
	}
	res := gwclient.NewResult()
	res.AddMeta("result.json", data)
	res.AddMeta("result.txt", text.Bytes())
	res.AddMeta("version", []byte(subrequests.SubrequestsDescribeDefinition.Version))
	return res, nil
}

func answer(data []byte) *gwclient.Result {
	res := gwclient.NewResult()
	res.AddMeta("result.json", data)
	res.AddMeta("result.txt", data)
	return res
}

// outline lists the arguments and secrets that a build takes.
func (r *request) outline(ctx context.Context) (*outline.Outline, error) {
	p, err := r.readProject(ctx)
	if err != nil {
		return nil, err
	}
	out := &outline.Outline{Name: r.target(), Description: "The image of " + p.file.Model.Source, Sources: [][]byte{p.source.Data}}
	for _, arg := range slices.Sorted(maps.Keys(p.file.Args)) {
		out.Args = append(out.Args, outline.Arg{Name: arg, Value: p.file.Args[arg], Location: p.location("args", arg)})
	}
	out.Args = append(out.Args,
		outline.Arg{Name: ArgLocked, Description: `"1" to fail unless there is a lock that fits`},
		outline.Arg{Name: ArgVerify, Description: `"0" to leave the verify step out`},
		outline.Arg{Name: ArgUpgrade, Description: `what the target lock takes newer versions of: packages, or "*"`},
		outline.Arg{Name: ArgUpgradeModel, Description: `"1" for a target lock that takes what the model's source stands for now`},
		outline.Arg{Name: ArgIndex, Description: "a package index to take in place of the default one"},
		outline.Arg{Name: "SOURCE_DATE_EPOCH", Description: "when the image counts as made, in seconds since 1970"})
	out.Secrets = append(out.Secrets, outline.Secret{Name: p.file.Environment.CA, Location: p.location("environment", "ca")})
	for n, i := range p.file.Environment.Indexes {
		if i.Secret != "" {
			out.Secrets = append(out.Secrets, outline.Secret{Name: i.Secret, Required: true, Location: p.location("environment", "indexes", fmt.Sprint(n), "secret")})
		}
	}
	return out, nil
}

// listTargets lists what --target takes: outputs, and the Deployfile's targets.
func (r *request) listTargets(ctx context.Context) (*targets.List, error) {
	p, err := r.readProject(ctx)
	if err != nil {
		return nil, err
	}
	list := &targets.List{Sources: [][]byte{p.source.Data}}
	for n, o := range outputs() {
		list.Targets = append(list.Targets, targets.Target{Name: o.name, Default: n == 0, Description: o.description})
	}
	for _, name := range slices.Sorted(maps.Keys(p.file.Targets)) {
		list.Targets = append(list.Targets, targets.Target{
			Name: name, Description: "the image for this " + p.file.Targets[name].Kind + " target", Location: p.location("targets", name),
		})
	}
	return list, nil
}

// location returns where a key is written, nil if it is not.
func (p *project) location(key ...string) *pb.Location {
	r, ok := p.file.Position(key...)
	if !ok {
		return nil
	}
	return &pb.Location{Ranges: []*pb.Range{protoRange(r)}}
}
