package deployfile

// TestKinds are the kinds that tests parse with: all that there are. Their
// packages import this one, so its internal tests cannot name them.
var TestKinds []Kind

// EveryTarget is a text with all keys of all kinds.
const EveryTarget = everyTarget

// RequiredKeys returns the keys that a target of a kind cannot be without.
func RequiredKeys(kind string) string { return requiredKeys(kind) }

func requiredKeys(kind string) string {
	switch kind {
	case "azureml":
		return "subscription = '12345678-1234-1234-1234-123456789012'\nresource-group = 'ml'\nworkspace = 'team'\ninstance-type = 'Standard_DS3_v2'\n"
	case "sagemaker":
		return "execution-role = 'arn:aws:iam::123456789012:role/Iris'\ninstance-type = 'ml.m5.large'\n"
	}
	return ""
}
