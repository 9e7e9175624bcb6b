package lint

import "slices"

func noInputExample(in Input) []Finding {
	if in.Model == nil || in.Model.ServingInput != "" {
		return nil
	}
	at, _ := in.File.Position("model", "source")
	return []Finding{{
		Message: "the model has no input example, so the build loads it but cannot try whether it answers",
		Fix:     "log it again with input_example=…, a few rows of its input",
		Range:   at,
	}}
}

func pickledModel(in Input) []Finding {
	if in.Model == nil || !in.Model.Pickled {
		return nil
	}
	at, _ := in.File.Position("model", "source")
	f := Finding{
		Message: "the model is a pickle: loading it runs code, and it loads with the versions alone that saved it",
		Range:   at,
	}
	switch has := func(flavor string) bool { return slices.Contains(in.Model.Flavors, flavor) }; {
	case has("sklearn"):
		f.Fix = `log it again with mlflow.sklearn.log_model(…, serialization_format="skops")`
	case has("pytorch"):
		f.Fix = `log it again with mlflow.pytorch.log_model(…, serialization_format="pt2")`
	case len(in.Model.Flavors) == 1:
		f.Fix = `log it again as code: mlflow.pyfunc.log_model(python_model="model.py")`
	default:
		f.Fix = "log it again in a format of its library that is no pickle; some log_model functions take serialization_format"
	}
	return []Finding{f}
}
