package main

import "github.com/spf13/cobra"

// atMost allows up to as many arguments as are named.
func atMost(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return usage(cmd.CommandPath()+" --help", "%q is one argument too many", args[len(names)])
		}
		return nil
	}
}
