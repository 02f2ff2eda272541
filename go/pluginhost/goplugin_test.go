package pluginhost

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPanicWhileLoadingKeepsItsCallsAndItsWords(t *testing.T) {
	err := fmt.Errorf("around: %w", &loadPanic{"x.so", "no luck", []byte("goroutine 1 [running]:\n")})
	require.ErrorContains(t, err, `plugin "x.so" panicked while it was loaded: no luck`)
	stack, ok := Panicked(err)
	require.True(t, ok)
	require.Equal(t, "goroutine 1 [running]:\n", stack)
	stack, ok = Panicked(fmt.Errorf("around: %w",
		&hostError{hostFailure: hostFailure{Message: "the component panicked"}, status: statusPanic}))
	require.True(t, ok)
	require.Empty(t, stack)
	for _, other := range []error{nil, errors.New("something else"),
		&hostError{hostFailure: hostFailure{Message: "no factory"}}} {
		_, ok = Panicked(other)
		require.False(t, ok, "%v", other)
	}
}
