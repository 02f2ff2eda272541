package pluginhost

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAQuestionOfAMainWithoutComponentsHasAnEmptyList(t *testing.T) {
	text, err := json.Marshal(question{LinkedIn: sortedKeys(map[componentKey]bool{})})
	require.NoError(t, err)
	require.JSONEq(t, `{"linked_in": [], "used": null}`, string(text))
}
