//go:build integration

package buildx

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestBuckets builds, with nothing but buildx, models that are in buckets, with the
// credentials of the vendors' own variables as secrets.
func TestBuckets(t *testing.T) {
	eachStore(t, map[string]func(t *testing.T, files map[string]string) stored{"S3": startS3, "Google": startGCS, "Azure": startAzurite})
}

// secrets are arguments that give a build the variables of these names.
func secrets(names ...string) (out []string) {
	for _, name := range names {
		out = append(out, "--secret", "id="+name)
	}
	return out
}

func startS3(t *testing.T, files map[string]string) stored {
	t.Helper()
	s := lab.StartS3(t, lab.Loopback(), "models")
	for name, text := range files {
		if _, err := s.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("models"), Key: aws.String("team/iris 1/" + name), Body: bytes.NewReader([]byte(text))}); err != nil {
			t.Fatal(err)
		}
	}
	return stored{
		source: "s3://models/team/iris 1", env: s.Env(), secrets: secrets(slices.Sorted(maps.Keys(s.Env()))...), credential: s.SecretKey,
		public: secrets("AWS_ENDPOINT_URL_S3"), denied: "give the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
	}
}

func startGCS(t *testing.T, files map[string]string) stored {
	t.Helper()
	s := lab.StartGCS(t, lab.Loopback(), "models")
	for name, text := range files {
		s.Put(t, "models", "team/iris 1/"+name, []byte(text))
	}
	return stored{source: "gs://models/team/iris 1", env: map[string]string{"STORAGE_EMULATOR_HOST": s.URL}, secrets: secrets("STORAGE_EMULATOR_HOST")}
}

func startAzurite(t *testing.T, files map[string]string) stored {
	t.Helper()
	s := lab.StartAzurite(t, lab.Loopback(), "models")
	for name, text := range files {
		s.Put(t, "team/iris 1/"+name, []byte(text), nil)
	}
	return stored{
		source: "wasbs://models@" + lab.AzuriteAccount + ".blob.core.windows.net/team/iris 1",
		env:    map[string]string{"AZURE_STORAGE_CONNECTION_STRING": s.Connection}, secrets: secrets("AZURE_STORAGE_CONNECTION_STRING"), credential: s.Key,
	}
}
