package deployfile

// TestKinds are the kinds that tests parse with: all that there are. Their
// packages import this one, so its internal tests cannot name them.
var TestKinds []Kind

// EveryTarget is a text with all keys of all kinds.
const EveryTarget = everyTarget

// RequiredKeys returns the keys that a target of a kind cannot be without.
func RequiredKeys(kind string) string { return requiredKeys(kind) }

func requiredKeys(kind string) string {
	if kind == "sagemaker" {
		return "execution-role = 'arn:aws:iam::123456789012:role/Iris'\ninstance-type = 'ml.m5.large'\n"
	}
	return ""
}
