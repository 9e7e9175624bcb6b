package mlmodel_test

import (
	"fmt"
	"testing/fstest"

	"github.com/deployfile/deployfile/mlmodel"
)

func ExampleRead() {
	files := fstest.MapFS{
		"model/MLmodel":          {Data: []byte("flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    env: {virtualenv: python_env.yaml}\n  sklearn: {}\n")},
		"model/python_env.yaml":  {Data: []byte("python: 3.11.2\ndependencies: [-r requirements.txt]\n")},
		"model/requirements.txt": {Data: []byte("scikit-learn==1.8.0\n")},
	}
	model, _, err := mlmodel.Read(files, "model")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(model.Flavors, model.Loader, len(model.Requirements))
	// Output: [python_function sklearn] mlflow.sklearn 1
}
