package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAdapt(t *testing.T) {
	const generated = `FROM python:3.11.7-slim
RUN apt-get -y update
RUN pip install mlflow==3.17.2
COPY model_dir/model /opt/ml/model
RUN python -c "install()"
ENTRYPOINT ["python", "-c", "serve()"]
`
	for name, c := range map[string]struct {
		text      string
		ca        bool
		want, err string
	}{
		"as generated": {text: generated, want: `FROM registry.example.com/base:1
RUN apt-get -y update
RUN PIP_BREAK_SYSTEM_PACKAGES=1 pip install mlflow==3.17.2
COPY model_dir/model /opt/ml/model
RUN PIP_BREAK_SYSTEM_PACKAGES=1 python -c "install()"
ENTRYPOINT ["python", "-c", "serve()"]
`},
		"with certificate authorities": {text: generated, ca: true, want: `FROM registry.example.com/base:1
RUN apt-get -y update
RUN --mount=type=secret,id=ca PIP_CERT=/run/secrets/ca PIP_BREAK_SYSTEM_PACKAGES=1 pip install mlflow==3.17.2
COPY model_dir/model /opt/ml/model
RUN --mount=type=secret,id=ca PIP_CERT=/run/secrets/ca PIP_BREAK_SYSTEM_PACKAGES=1 python -c "install()"
ENTRYPOINT ["python", "-c", "serve()"]
`},
		"another base": {
			text: strings.Replace(generated, "python:3.11.7-slim", "ubuntu:24.04", 1),
			err:  "not built on one Python image",
		},
		"other steps": {
			text: strings.Replace(generated, "RUN pip install", "RUN uv pip install", 1),
			err:  `has not one "RUN pip install mlflow"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := adapt(c.text, "registry.example.com/base:1", c.ca)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			switch {
			case c.err == "" && err != nil:
				t.Error(err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}
