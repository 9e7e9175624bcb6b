package lint

import "slices"

func noInputExample(in Input) []Finding {
	if in.Model == nil || in.Model.ServingInput != "" {
		return nil
	}
	at, _ := in.File.Position("model", "source")
	return []Finding{{
		Message: "the model has no input example, so the build loads it but cannot try whether it answers",
		Fix:     "try it with deployfile predict -i FILE; log_model(…, input_example=…) saves a few rows with the next one",
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
	// Nobody can change this one.
	const trusted = "use it only if you trust who logged it; "
	switch has := func(flavor string) bool { return slices.Contains(in.Model.Flavors, flavor) }; {
	case has("sklearn"):
		f.Fix = trusted + `mlflow.sklearn.log_model(…, serialization_format="skops") saves the next one without`
	case has("pytorch"):
		f.Fix = trusted + `mlflow.pytorch.log_model(…, serialization_format="pt2") saves the next one without`
	case len(in.Model.Flavors) == 1:
		f.Fix = trusted + `mlflow.pyfunc.log_model(python_model="model.py") saves the next one as code`
	default:
		f.Fix = trusted + "some log_model functions take serialization_format, which saves the next one without"
	}
	return []Finding{f}
}
