package llb

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

func config(s Sources, p *Plan) (ConfigPlan, error) {
	created, err := createdAt(s)
	if err != nil {
		return ConfigPlan{}, err
	}
	env := map[string]string{}
	for _, e := range s.BaseEnv {
		k, v, _ := strings.Cut(e, "=")
		env[k] = v
	}
	base := cmp.Or(env["PATH"], "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	venvBin := path.Join(toolchain.VirtualEnv, "bin")
	env["PATH"] = venvBin + ":" + base
	env["VIRTUAL_ENV"] = toolchain.VirtualEnv
	env["PYTHONUNBUFFERED"] = "1"
	env["PYTHONDONTWRITEBYTECODE"] = "1"
	env["MLFLOW_DISABLE_TELEMETRY"] = "true"
	env["HOME"] = "/tmp"
	// The user has no entry in /etc/passwd, and libraries ask for its name.
	env["USER"] = userName
	maps.Copy(env, s.Model.Variables)
	addSystemEnv(env, s.Model, p.SystemPackages)
	own := maps.Clone(s.File.Environment.Env)
	if added, ok := own["PATH"]; ok {
		own["PATH"] = searchPath(venvBin, added, base)
	}
	if added, ok := own[mlmodel.JavaOptions]; ok {
		own[mlmodel.JavaOptions] = strings.TrimSpace(env[mlmodel.JavaOptions] + " " + added)
	}
	if added := cmp.Or(own["PYTHONPATH"], env["PYTHONPATH"]); len(s.File.Environment.Code) > 0 {
		env["PYTHONPATH"] = searchPath(imagespec.CodeDir, added)
		delete(own, "PYTHONPATH")
	}
	if config := s.File.Server.ModelConfig.JSON(); config != "" {
		env[deployfile.ModelConfigVariable] = config
	}
	maps.Copy(env, own)
	c := ConfigPlan{
		Cmd:        []string{"serve"},
		User:       s.File.Image.User,
		WorkingDir: WorkingDir(s.File, s.Lock, s.Platform),
		Labels:     labels(s, created),
		Created:    created,
	}
	if namesUser(s.Model, p.SystemPackages) {
		c.UserName = userName
	}
	for _, k := range slices.Sorted(maps.Keys(env)) {
		c.Env = append(c.Env, k+"="+env[k])
	}
	return c, nil
}

// searchPath joins search paths, with each directory at its first place.
func searchPath(paths ...string) string {
	var dirs []string
	for dir := range strings.SplitSeq(strings.Join(paths, ":"), ":") {
		if dir != "" && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return strings.Join(dirs, ":")
}

// userName is the name of the image's user, where it has one.
const userName = "nonroot"

// impliedAndLocked returns the packages that the model implies and that are locked.
func impliedAndLocked(m *mlmodel.Model, locked []resolver.SystemPackage) []mlmodel.SystemPackage {
	return slices.DeleteFunc(slices.Clone(m.SystemPackages), func(i mlmodel.SystemPackage) bool {
		return !slices.ContainsFunc(locked, func(l resolver.SystemPackage) bool { return l.Name == i.Name })
	})
}

// namesUser says whether one of them fails without a name of its user.
func namesUser(m *mlmodel.Model, locked []resolver.SystemPackage) bool {
	return slices.ContainsFunc(impliedAndLocked(m, locked), func(i mlmodel.SystemPackage) bool { return i.NamedUser })
}

// addSystemEnv adds the variables of the packages that the model implies and that are
// locked. Those of the base stay.
func addSystemEnv(env map[string]string, m *mlmodel.Model, locked []resolver.SystemPackage) {
	for _, i := range impliedAndLocked(m, locked) {
		for name, value := range i.Env {
			if env[name] == "" {
				env[name] = value
			}
		}
	}
}

// createdAt is when the image counts as made: as the caller says, else when the
// model was logged, to the second.
func createdAt(s Sources) (string, error) {
	for _, v := range []string{s.Created, s.Model.Created} {
		if v == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return "", fmt.Errorf("time of creation: %w", err)
		}
		return t.UTC().Format(time.RFC3339), nil
	}
	return toolchain.Epoch().Format(time.RFC3339), nil
}

// labels are those of the OCI image spec's annotations, and our own.
func labels(s Sources, created string) map[string]string {
	l := map[string]string{
		ocispecs.AnnotationTitle:              s.File.Model.Name,
		ocispecs.AnnotationVersion:            s.File.Model.Version,
		ocispecs.AnnotationCreated:            created,
		ocispecs.AnnotationSource:             s.Source,
		ocispecs.AnnotationRevision:           s.Revision,
		imagespec.LabelModelName:              s.File.Model.Name,
		imagespec.LabelModelFlavors:           strings.Join(s.Model.Flavors, ","),
		imagespec.LabelModelID:                s.Model.ModelID,
		imagespec.LabelModelRunID:             s.Model.RunID,
		imagespec.LabelModelRegisteredName:    s.Model.RegisteredName,
		imagespec.LabelModelRegisteredVersion: s.Model.RegisteredVersion,
		imagespec.LabelModelMLflow:            s.Model.MLflowVersion,
		imagespec.LabelServerPort:             strconv.Itoa(s.File.Server.Port),
		ocispecs.AnnotationBaseImageDigest:    s.Lock.Base.Digest,
	}
	// The name of a build context says nothing to others.
	if !strings.HasPrefix(s.Lock.Base.Ref, "context:") {
		l[ocispecs.AnnotationBaseImageName] = s.Lock.Base.Ref
	}
	if s.Model.Signature != nil {
		l[imagespec.LabelPrefix+"model.signature"] = string(s.Model.Signature)
	}
	maps.Copy(l, s.File.Image.Labels)
	maps.Copy(l, s.Labels)
	maps.DeleteFunc(l, func(_, v string) bool { return v == "" })
	return l
}

// ImageConfig is the image's configuration on top of its base's.
func (p *Plan) ImageConfig(base dockerspec.DockerOCIImage) (*dockerspec.DockerOCIImage, error) {
	created, err := time.Parse(time.RFC3339, p.Config.Created)
	if err != nil {
		return nil, fmt.Errorf("time of creation: %w", err)
	}
	created = created.UTC()
	img := base
	img.Created = &created
	img.Author = ""
	img.OS, img.Architecture, _ = strings.Cut(p.Platform, "/")
	img.RootFS = ocispecs.RootFS{Type: "layers"}
	img.History = p.history(base.History, &created)
	img.Config.Env = p.Config.Env
	img.Config.Entrypoint = p.Config.Entrypoint
	img.Config.Cmd = p.Config.Cmd
	img.Config.User = p.Config.User
	img.Config.WorkingDir = p.Config.WorkingDir
	img.Config.ExposedPorts = map[string]struct{}{fmt.Sprintf("%d/tcp", p.Server.Port): {}}
	img.Config.StopSignal = "SIGTERM"
	img.Config.Volumes = nil
	img.Config.Healthcheck = nil
	img.Config.OnBuild = nil
	img.Config.Shell = nil
	img.Config.Labels = map[string]string{}
	for k, v := range base.Config.Labels {
		// Those of a base that was built like this are about another model. And
		// an engine gives a container the labels of its image, among which those
		// of a revision would be taken for a record of a deployment.
		if !strings.HasPrefix(k, imagespec.LabelPrefix) {
			img.Config.Labels[k] = v
		}
	}
	maps.Copy(img.Config.Labels, p.Config.Labels)
	return &img, nil
}

// history has an entry for each layer, in the order of the layers.
func (p *Plan) history(base []ocispecs.History, created *time.Time) []ocispecs.History {
	out := slices.Clone(base)
	add := func(what string) {
		out = append(out, ocispecs.History{Created: created, CreatedBy: what, Comment: "deployfile"})
	}
	if len(p.SystemPackages) > 0 {
		add("install " + p.systemTitle())
	}
	for _, name := range p.layerNames() {
		add(name)
	}
	return out
}
