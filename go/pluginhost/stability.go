package pluginhost

import "go.opentelemetry.io/collector/component"

// stability reads the word that stands in a manifest; an unknown one is undefined.
func stability(word string) component.StabilityLevel {
	var level component.StabilityLevel
	if err := level.UnmarshalText([]byte(word)); err != nil {
		return component.StabilityLevelUndefined
	}
	return level
}
