// Package plugincmd is the command line of a Collector that loads plugins.
//
// In: the settings of an ordinary Collector. Out: its ordinary command, with plugins where the
// components are, the `--plugins-…` flags, and the `plugins` command. Invariant: what the `plugins`
// command does is decided on the Rust side, its flags included.
package plugincmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"bimetal.dev/go/pluginhost"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.opentelemetry.io/collector/otelcol"
)

// loadAction is what `plugins validate --load` starts a child process with. Users do not need it.
const loadAction = "__load"

// NewCommand makes the command of a Collector. Plugins take part in everything that the Collector
// does with components. Without an opener, the Collector loads no Go plugins.
func NewCommand(
	set otelcol.CollectorSettings, opener pluginhost.Opener,
) (*cobra.Command, error) {
	return newCommand(set, opener, os.Args[1:])
}

func newCommand(
	set otelcol.CollectorSettings, opener pluginhost.Opener, arguments []string,
) (*cobra.Command, error) {
	if set.Factories == nil {
		return nil, errors.New("a Collector needs its factories")
	}
	settings := &pluginhost.Settings{}
	host := pluginhost.New(settings, set.Factories, opener)
	set.Factories = host.Factories
	resolver := &set.ConfigProviderSettings.ResolverSettings
	resolver.ConverterFactories = append(slices.Clone(resolver.ConverterFactories),
		host.ConverterFactory())

	command := otelcol.NewCommand(set)
	addFlags(command.PersistentFlags(), settings)
	command.AddCommand(newPluginsCommand(settings, host))
	if needsAllPlugins(command, arguments) {
		// Parsing the command line needs the feature gates of plugins, and loading plugins needs some of
		// the command line.
		early := pflag.NewFlagSet("", pflag.ContinueOnError)
		early.ParseErrorsAllowlist.UnknownFlags = true
		early.SetOutput(io.Discard)
		early.BoolP("help", "h", false, "")
		addFlags(early, settings)
		if err := early.Parse(arguments); err == nil {
			if err := host.LoadAll(); err != nil {
				return nil, err
			}
		}
	}
	return command, nil
}

func addFlags(flags *pflag.FlagSet, settings *pluginhost.Settings) {
	flags.StringVar(&settings.PluginsDir, "plugins-dir", settings.PluginsDir,
		"Directory with plugins. Without it $OTELCOL_PLUGINS_DIR counts, else what the Collector was "+
			"built with")
	flags.Var(&choice{&settings.OnError, []string{"fail", "skip"}}, "plugins-on-error",
		"What to do when a plugin that the configuration uses cannot be loaded: `fail` (the default), "+
			"or `skip` its components")
	flags.BoolVar(&settings.RequireLock, "plugins-require-lock", settings.RequireLock,
		"Refuse plugins that plugins.lock does not list")
	flags.StringVar(&settings.Trust, "plugins-trust", settings.Trust,
		"What lets a plugin file pass that others may write: nothing (rights), or a digest in the "+
			"directory's plugins.lock (lock) or in another lock (lock=FILE). Without it "+
			"$OTELCOL_PLUGINS_TRUST counts")
	flags.StringVar(&settings.CacheDir, "plugins-cache-dir", settings.CacheDir,
		"Directory for private copies of Go plugins; its file system must allow execution")
	flags.Var(&choice{&settings.Policy, []string{"exact", "abi"}}, "plugins-policy",
		"How much of a Rust plugin must equal the Collector: `exact` or abi; never laxer than what "+
			"the Collector was built with")
}

// choice is a flag that takes one of a few words.
type choice struct {
	value *string
	words []string
}

func (c *choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

func (c *choice) Type() string {
	return "string"
}

func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return fmt.Errorf("must be one of %s", strings.Join(c.words, ", "))
	}
	*c.value = word
	return nil
}

// needsAllPlugins tells whether feature gates are named or listed: those of a plugin exist only
// after it is loaded.
func needsAllPlugins(root *cobra.Command, arguments []string) bool {
	target, _, err := root.Find(arguments)
	if err == nil && target.Name() == "plugins" {
		return false
	}
	if err == nil && target.Name() == "featuregate" {
		return true
	}
	return slices.ContainsFunc(arguments, func(argument string) bool {
		name, _, _ := strings.Cut(argument, "=")
		return name == "--feature-gates"
	})
}

func newPluginsCommand(settings *pluginhost.Settings, host *pluginhost.Host) *cobra.Command {
	return &cobra.Command{
		Use:     "plugins",
		Aliases: []string{"plugin"},
		Short:   "Looks at plugins before they are loaded",
		Long: "Lists, inspects and validates plugins without running their code. `plugins --help` " +
			"says more.",
		// The Rust side parses the rest, so that the flags exist once.
		DisableFlagParsing: true,
		SilenceUsage:       true,
		RunE: func(command *cobra.Command, arguments []string) error {
			rest, err := takeOwnFlags(settings, arguments)
			if err != nil {
				return err
			}
			if len(rest) > 0 && rest[0] == loadAction {
				os.Exit(tryFiles(command.InOrStdin(), command.OutOrStdout(), host, rest[1:]))
			}
			os.Exit(pluginhost.RunPlugins(*settings, rest))
			return nil
		},
	}
}

// takeOwnFlags reads the flags that stood before the word `plugins`: cobra hands them over together
// with what follows it.
func takeOwnFlags(settings *pluginhost.Settings, arguments []string) ([]string, error) {
	own := pflag.NewFlagSet("plugins", pflag.ContinueOnError)
	own.SetInterspersed(false)
	own.SetOutput(io.Discard)
	addFlags(own, settings)
	first := 0
	for first < len(arguments) && strings.HasPrefix(arguments[first], "--plugins-") {
		first++
		isPair := !strings.Contains(arguments[first-1],
			"=") && arguments[first-1] != "--plugins-require-lock"
		if isPair && first < len(arguments) {
			first++
		}
	}
	if err := own.Parse(arguments[:first]); err != nil {
		return nil, err
	}
	return arguments[first:], nil
}

// tryFiles writes JSON objects, one a line: a phase before it goes on to it, and at the end whether
// the plugins were loaded. `plugins validate --load` reads them, and the exit code. What waits for
// the answer holds the other end of `in`, and when that is gone no process is needed any more
// that a plugin may have brought to a halt.
func tryFiles(in io.Reader, out io.Writer, host *pluginhost.Host, words []string) int {
	go func() {
		_, _ = io.Copy(io.Discard, in)
		os.Exit(1)
	}()
	answers := json.NewEncoder(out)
	report := map[string]any{"loaded": true}
	code := 0
	err := host.Try(words, func(line map[string]any) { _ = answers.Encode(line) })
	if err != nil {
		stack, panicked := pluginhost.Panicked(err)
		report = map[string]any{"loaded": false, "error": err.Error(), "panicked": panicked,
			"stack": stack}
		code = 1
	}
	if err := answers.Encode(report); err != nil {
		return 1
	}
	return code
}
