package cluster

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/deployfile/deployfile/internal/batch"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// batchRun is a batch's pod in the making, and the objects that it needs.
type batchRun struct {
	batch     Batch
	meta      metav1.ObjectMeta
	pod       *corev1.PodSpec
	container *corev1.Container
	needs     []any
}

func (b *batchRun) fill() error {
	inputFormat, err := batch.Format("input", b.batch.Input, b.batch.InputFormat)
	if err != nil {
		return err
	}
	outputFormat, err := batch.Format("output", b.batch.Output, b.batch.OutputFormat)
	if err != nil {
		return err
	}
	b.container.Command = []string{"python", "-c", literal(batch.Program()), inputFormat, outputFormat}
	secret := map[string]string{}
	for _, side := range []struct {
		variable, location string
	}{{batch.Input, b.batch.Input}, {batch.Output, b.batch.Output}} {
		location, err := b.place(side.variable, side.location)
		if err != nil {
			return err
		}
		b.container.Env = WithoutEnv(b.container.Env, side.variable)
		variable := corev1.EnvVar{Name: side.variable, Value: literal(location)}
		if isURL(location) {
			// It may be signed, and so be a secret itself.
			secret[side.variable] = location
			variable.Value = ""
			variable.ValueFrom = &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: b.meta.Name}, Key: side.variable,
			}}
		}
		b.container.Env = append(b.container.Env, variable)
	}
	if len(secret) > 0 {
		b.needs = append(b.needs, &corev1.Secret{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: b.meta, StringData: secret,
		})
	}
	return nil
}

// place returns the location for the program: itself, or its mount path.
func (b *batchRun) place(variable, location string) (string, error) {
	// A key need not be a valid URL.
	if object, ok := strings.CutPrefix(location, "s3://"); ok {
		if !isKey(object) {
			return "", unknownPlace(variable)
		}
		return location, nil
	}
	switch u, err := url.Parse(location); {
	case location == "-" && variable == batch.Output:
		return location, nil
	case location == "-":
		return b.content()
	case err != nil:
		// The error would contain the URL.
		return "", fmt.Errorf("%s is not a URL", described(variable))
	case u.Scheme == "pvc":
		return b.claim(u, variable)
	case isURL(location) && u.Host != "" && strings.Trim(u.Path, "/") != "":
		if u.User != nil || strings.ContainsFunc(location, unicode.IsSpace) {
			return "", fmt.Errorf("%s must be a URL without a user and without spaces (%%20): sign it in its query", described(variable))
		}
		return location, nil
	default:
		return "", unknownPlace(variable)
	}
}

func unknownPlace(variable string) error {
	return fmt.Errorf("%s must be pvc://CLAIM/PATH, s3://BUCKET/KEY, an http(s) URL or -", described(variable))
}

// isURL reports whether the location is read by GET and written by PUT.
func isURL(location string) bool {
	scheme, _, found := strings.Cut(location, "://")
	return found && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// isKey reports whether the object is BUCKET/KEY. A key may contain any byte, including
// those with a meaning in URLs.
func isKey(object string) bool {
	bucket, key, _ := strings.Cut(object, "/")
	return bucket != "" && !strings.ContainsAny(bucket, "@:?#%") && key != "" && !strings.HasSuffix(key, "/")
}

func described(variable string) string {
	if variable == batch.Input {
		return "the input"
	}
	return "the output"
}

// content mounts the input that comes with the Job.
func (b *batchRun) content() (string, error) {
	if len(b.batch.Content) > MaxBatchContent {
		return "", fmt.Errorf("the input has %d bytes, and a cluster takes %d along with a Job: bring it to pvc://, s3:// or https:// first", len(b.batch.Content), MaxBatchContent)
	}
	const dir, file = "/input", "input"
	b.needs = append(b.needs, &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: b.meta,
		BinaryData: map[string][]byte{file: b.batch.Content},
	})
	b.mount("input", dir, corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: b.meta.Name},
	}})
	return path.Join(dir, file), nil
}

// claim mounts a PersistentVolumeClaim, once.
func (b *batchRun) claim(u *url.URL, variable string) (string, error) {
	name := u.Host
	file := strings.TrimPrefix(u.Path, "/")
	if name == "" || file == "" || path.Clean("/"+file) != "/"+file || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%s must be pvc://CLAIM/PATH, with a plain path", described(variable))
	}
	dir := path.Join("/claims", name)
	if i := slices.IndexFunc(b.pod.Volumes, func(v corev1.Volume) bool {
		return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == name
	}); i >= 0 {
		b.pod.Volumes[i].PersistentVolumeClaim.ReadOnly = false
	} else {
		b.mount(cmp.Or(map[string]string{batch.Input: "input"}[variable], "output"), dir, corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{
				ClaimName: name,
				// Some volumes can be shared only read-only.
				ReadOnly: variable == batch.Input,
			},
		})
	}
	if variable == batch.Output && b.container.SecurityContext.RunAsGroup != nil {
		// A fresh volume belongs to root.
		b.pod.SecurityContext = &corev1.PodSecurityContext{
			FSGroup:             b.container.SecurityContext.RunAsGroup,
			FSGroupChangePolicy: new(corev1.FSGroupChangeOnRootMismatch),
		}
	}
	return path.Join(dir, file), nil
}

func (b *batchRun) mount(name, dir string, source corev1.VolumeSource) {
	b.pod.Volumes = append(b.pod.Volumes, corev1.Volume{Name: name, VolumeSource: source})
	b.container.VolumeMounts = append(b.container.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: dir})
}
