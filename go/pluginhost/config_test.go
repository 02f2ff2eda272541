package pluginhost

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/xconfmap"
)

const (
	defaultsText = `{"endpoint": "localhost:1", "limit": 3, "ratio": 0.5,
		"tls": {"insecure": true, "key": "k"}, "list": [1]}`
	schemaText = `{"properties": {"tls": {"$ref": "#/$defs/Tls"},
		"token": {"type": "string", "writeOnly": true}},
		"$defs": {"Tls": {"properties": {"key": {"type": "string", "writeOnly": true}}}}}`
)

func newTestConfig(t *testing.T, validate func([]byte) error) *config {
	settings, err := newConfigSettings([]byte(defaultsText), []byte(schemaText), validate)
	require.NoError(t, err)
	return settings.newConfig().(*config)
}

func TestTheConfigurationTypeIsOneThatTheCollectorAccepts(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(newTestConfig(t, nil)))
}

func TestRustSeesTheUsersValuesOnlyAndBothFormsOfExpandedOnes(t *testing.T) {
	cfg := newTestConfig(t, nil)
	require.NoError(t, cfg.Unmarshal(confmap.NewFromStringMap(map[string]any{
		"token": xconfmap.ExpandedValue{Value: 123, Original: "00123"},
		"list":  []any{xconfmap.ExpandedValue{Value: true, Original: "true"}, "x"},
		"tls":   map[string]any{"insecure": false},
	})))
	text, err := cfg.section()
	require.NoError(t, err)
	require.JSONEq(t, `{
		"token": {"\u0000expanded": {"value": 123, "original": "00123"}},
		"list": [{"\u0000expanded": {"value": true, "original": "true"}}, "x"],
		"tls": {"insecure": false}
	}`, string(text))
}

func TestWholeFloatsStayFloats(t *testing.T) {
	cfg := newTestConfig(t, nil)
	require.NoError(t, cfg.Unmarshal(confmap.NewFromStringMap(map[string]any{
		"list": []any{1.0, -2.0, 0.25, 1e20, 7},
	})))
	text, err := cfg.section()
	require.NoError(t, err)
	require.Equal(t, `{"list":[1.0,-2.0,0.25,1e+20,7]}`, string(text))
}

func TestNumbersThatJSONLacksAreMarked(t *testing.T) {
	cfg := newTestConfig(t, nil)
	require.NoError(t, cfg.Unmarshal(confmap.NewFromStringMap(map[string]any{
		"list":  []any{math.Inf(1), math.Inf(-1), math.NaN()},
		"ratio": xconfmap.ExpandedValue{Value: math.Inf(1), Original: ".inf"},
	})))
	text, err := cfg.section()
	require.NoError(t, err)
	require.JSONEq(t, `{
		"list": [{"\u0000number": "inf"}, {"\u0000number": "-inf"}, {"\u0000number": "NaN"}],
		"ratio": {"\u0000expanded": {"value": {"\u0000number": "inf"}, "original": ".inf"}}
	}`, string(text))
}

func TestSecretsAreHiddenWhereverTheSchemaPutsThem(t *testing.T) {
	const secret = `{"type": "string", "writeOnly": true}`
	const nested = `{"type": "object", "properties": {"key": ` + secret + `}}`
	schema := `{"properties": {
		"optional": {"anyOf": [{"$ref": "#/$defs/Nested"}, {"type": "null"}]},
		"one": {"oneOf": [{"type": "integer"}, ` + secret + `]},
		"list": {"type": ["array", "string"], "items": ` + secret + `}
	}, "$defs": {"Nested": ` + nested + `}}`
	settings, err := newConfigSettings(nil, []byte(schema), nil)
	require.NoError(t, err)
	hidden := configopaque.String("x")
	for _, values := range []struct{ written, shown any }{
		{map[string]any{"optional": map[string]any{"key": "x"}},
			map[string]any{"optional": map[string]any{"key": hidden}}},
		{map[string]any{"one": "x"}, map[string]any{"one": hidden}},
		{map[string]any{"list": []any{"x"}}, map[string]any{"list": []any{hidden}}},
		{map[string]any{"list": "x"}, map[string]any{"list": hidden}},
	} {
		require.Equal(t, values.shown, any(settings.show(values.written.(map[string]any))))
	}
}

func TestAnEmptySectionIsAnEmptyObject(t *testing.T) {
	cfg := newTestConfig(t, nil)
	require.NoError(t, cfg.Unmarshal(confmap.NewFromStringMap(nil)))
	text, err := cfg.section()
	require.NoError(t, err)
	require.Equal(t, "{}", string(text))
}

func TestPrintedConfigurationHasDefaultsAndHidesSecrets(t *testing.T) {
	cfg := newTestConfig(t, nil)
	require.NoError(t, cfg.Unmarshal(confmap.NewFromStringMap(map[string]any{
		"token": "secret", "limit": nil, "tls": map[string]any{"key": "secret too"}, "list": []any{2},
	})))
	require.Equal(t, map[string]any{
		"endpoint": "localhost:1", "limit": int64(3), "ratio": 0.5, "list": []any{2},
		"token": configopaque.String("secret"),
		"tls":   map[string]any{"insecure": true, "key": configopaque.String("secret too")},
	}, cfg.Raw)

	printed := confmap.New()
	require.NoError(t, printed.Marshal(cfg))
	require.Equal(t, "[REDACTED]", printed.Get("token"))
	require.Equal(t, "[REDACTED]", printed.Get("tls::key"))
	require.Equal(t, "localhost:1", printed.Get("endpoint"))
}

func TestTwoSectionsOfOneTypeDoNotShareValues(t *testing.T) {
	settings, err := newConfigSettings([]byte(defaultsText), nil, nil)
	require.NoError(t, err)
	first, second := settings.newConfig().(*config), settings.newConfig().(*config)
	section := map[string]any{"tls": map[string]any{"insecure": false}}
	require.NoError(t, first.Unmarshal(confmap.NewFromStringMap(section)))
	require.Equal(t, true, second.Raw["tls"].(map[string]any)["insecure"])
}

func TestValidateGivesRustsErrorAsItIs(t *testing.T) {
	cfg := newTestConfig(t, func([]byte) error { return errors.New("endpoint: must be set") })
	require.EqualError(t, cfg.Validate(), "endpoint: must be set")
}

func TestDescriptionsThatAreNotJSONAreAnError(t *testing.T) {
	_, err := newConfigSettings([]byte("{"), nil, nil)
	require.ErrorContains(t, err, "what the component says about its configuration")
}
