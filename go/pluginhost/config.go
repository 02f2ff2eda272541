package pluginhost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/xconfmap"
)

// expandedKey marks a leaf that came from `${…}`. No YAML key starts with a NUL character.
const expandedKey = "\x00expanded"

// numberKey marks a number that JSON lacks.
const numberKey = "\x00number"

// config holds the section of a Rust component. Rust decodes and validates it; Go only keeps it,
// shows it and hands it over.
type config struct {
	// Raw is what `print-config` shows: the defaults with the user's values over them, secrets
	// wrapped.
	Raw map[string]any `mapstructure:",remain"`

	settings *configSettings
	user     map[string]any
	// sending is read by the host, of exporters only.
	sending sending
}

// configSettings is what all sections of one component type share.
type configSettings struct {
	defaults map[string]any
	schema   map[string]any
	validate func(section []byte) error
	// hostKeys are taken out of the section before Rust gets it.
	hostKeys []string
}

var (
	_ confmap.Unmarshaler = (*config)(nil)
	_ confmap.Validator   = (*config)(nil)
)

// newConfigSettings reads what Rust describes about a component's configuration; both texts may be
// empty.
func newConfigSettings(defaults, schema []byte,
	validate func(section []byte) error) (*configSettings, error) {
	settings := &configSettings{validate: validate}
	for _, part := range []struct {
		text []byte
		into *map[string]any
	}{{defaults, &settings.defaults}, {schema, &settings.schema}} {
		value, err := decodeJSON(part.text)
		if err != nil {
			return nil, fmt.Errorf("cannot read what the component says about its configuration: %w", err)
		}
		*part.into, _ = value.(map[string]any)
	}
	return settings, nil
}

// newConfig makes the default configuration of a component.
func (s *configSettings) newConfig() component.Config {
	made := &config{Raw: s.show(s.defaults), settings: s}
	if len(s.hostKeys) > 0 {
		made.sending, _ = s.sending() // It worked when the keys were taken.
	}
	return made
}

// Unmarshal keeps the section as the user wrote it. Rust sees it in Validate and in Create, not
// here: the Collector adds the component's ID to errors of Validate only.
func (c *config) Unmarshal(conf *confmap.Conf) error {
	written := xconfmap.ToStringMapRaw(conf)
	c.user = c.settings.others(written)
	c.Raw = c.settings.show(merge(c.settings.defaults, conf.ToStringMap()))
	if len(c.settings.hostKeys) == 0 {
		return nil
	}
	err := confmap.NewFromStringMap(c.settings.own(written)).Unmarshal(&c.sending)
	if err != nil {
		return err
	}
	shown, err := c.shown()
	maps.Copy(c.Raw, shown)
	return err
}

// Validate asks Rust. Its errors carry the paths within the section.
func (c *config) Validate() error {
	text, err := c.section()
	if err != nil {
		return err
	}
	return errors.Join(confmap.Validate(&c.sending), c.settings.validate(text))
}

// section gives the user's values as JSON, without defaults: those are Rust's own.
func (c *config) section() ([]byte, error) {
	text, err := json.Marshal(encodable(c.user))
	if err != nil {
		return nil, fmt.Errorf("the section cannot be written as JSON: %w", err)
	}
	return text, nil
}

// show wraps the values that the schema marks as secret, so that they are printed as `[REDACTED]`.
func (s *configSettings) show(section map[string]any) map[string]any {
	shown, _ := s.redact(section, s.schema).(map[string]any)
	if shown == nil {
		shown = map[string]any{}
	}
	return shown
}

func (s *configSettings) redact(value any, schema map[string]any) any {
	if name, ok := schema["$ref"].(string); ok {
		schema = s.definition(name)
	}
	for _, keyword := range []string{"anyOf", "oneOf", "allOf"} {
		choices, _ := schema[keyword].([]any)
		for _, choice := range choices {
			of, _ := choice.(map[string]any)
			value = s.redact(value, of)
		}
	}
	switch value := value.(type) {
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		others, _ := schema["additionalProperties"].(map[string]any)
		shown := make(map[string]any, len(value))
		for key, field := range value {
			of, ok := properties[key].(map[string]any)
			if !ok {
				of = others
			}
			shown[key] = s.redact(field, of)
		}
		return shown
	case []any:
		items, _ := schema["items"].(map[string]any)
		shown := make([]any, len(value))
		for index, item := range value {
			shown[index] = s.redact(item, items)
		}
		return shown
	case string:
		// A text in the place of a list is one: `a,b`.
		items, _ := schema["items"].(map[string]any)
		for _, of := range []map[string]any{schema, items} {
			if secret, _ := of["writeOnly"].(bool); secret {
				return configopaque.String(value)
			}
		}
	}
	return value
}

// definition finds `#/$defs/Name`; schemas made by the SDK have no other references.
func (s *configSettings) definition(reference string) map[string]any {
	const prefix = "#/$defs/"
	definitions, _ := s.schema["$defs"].(map[string]any)
	if len(reference) <= len(prefix) {
		return nil
	}
	found, _ := definitions[reference[len(prefix):]].(map[string]any)
	return found
}

// merge lays values over defaults: maps are merged, everything else is replaced, null keeps the
// default.
func merge(defaults, values map[string]any) map[string]any {
	merged := maps.Clone(defaults)
	if merged == nil {
		merged = map[string]any{}
	}
	for key, value := range values {
		below, isMap := merged[key].(map[string]any)
		above, isMapToo := value.(map[string]any)
		switch {
		case isMap && isMapToo:
			merged[key] = merge(below, above)
		case value == nil && merged[key] != nil:
		default:
			merged[key] = value
		}
	}
	return merged
}

// encodable turns what confmap holds into what JSON can say. Leaves that came from `${…}` keep both
// forms, because only Rust knows whether the field is a string.
func encodable(value any) any {
	switch value := value.(type) {
	case xconfmap.ExpandedValue:
		return map[string]any{expandedKey: map[string]any{"value": encodable(value.Value),
			"original": value.Original}}
	case map[string]any:
		result := make(map[string]any, len(value))
		for key, field := range value {
			result[key] = encodable(field)
		}
		return result
	case map[any]any:
		result := make(map[string]any, len(value))
		for key, field := range value {
			result[fmt.Sprint(key)] = encodable(field)
		}
		return result
	case []any:
		result := make([]any, len(value))
		for index, item := range value {
			result[index] = encodable(item)
		}
		return result
	case float64:
		return floatText(value)
	default:
		return value
	}
}

// floatText keeps a whole float a float: JSON would show 1.0 as 1, which Rust reads as an integer.
func floatText(value float64) any {
	switch {
	case math.IsNaN(value):
		return map[string]any{numberKey: "NaN"}
	case math.IsInf(value, 1):
		return map[string]any{numberKey: "inf"}
	case math.IsInf(value, -1):
		return map[string]any{numberKey: "-inf"}
	case value != math.Trunc(value):
		return value
	}
	if math.Abs(value) < 1e15 {
		return json.RawMessage(strconv.FormatFloat(value, 'f', 1, 64))
	}
	return json.RawMessage(strconv.FormatFloat(value, 'e', -1, 64))
}

// decodeJSON reads JSON with whole numbers as int64, so that `print-config` shows them as the user
// would write them.
func decodeJSON(text []byte) (any, error) {
	if len(text) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return wholeNumbers(value), nil
}

func wholeNumbers(value any) any {
	switch value := value.(type) {
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		if float, err := value.Float64(); err == nil {
			return float
		}
		return value.String()
	case map[string]any:
		for key, field := range value {
			value[key] = wholeNumbers(field)
		}
	case []any:
		for index, item := range value {
			value[index] = wholeNumbers(item)
		}
	}
	return value
}
