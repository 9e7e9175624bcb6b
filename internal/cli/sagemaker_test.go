package cli

import (
	"testing"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestSageMakerScripts runs what needs no builder at a double of AWS. Its account may run two
// instances of ml.m5.large, and its role Lambda is not for SageMaker.
func TestSageMakerScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/sagemaker",
		Setup: func(e *testscript.Env) error {
			c := awscloud.New(t)
			c.Quota = map[string]int{"ml.m5.large": 2}
			c.Trust = map[string]string{"Lambda": `{"Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}`}
			for name, value := range c.Environment() {
				e.Setenv(name, value)
			}
			e.Values["cloud"] = c
			return setup(e)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"asked": asked,
		},
		RequireExplicitExec: true,
	})
}
