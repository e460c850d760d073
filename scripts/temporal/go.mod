module millrace.dev/temporal

go 1.26.4

tool github.com/temporalio/cli/cmd/temporal

require github.com/temporalio/cli v1.8.2

// The CLI requires its nested module at v0.0.0, which was never published; this is the commit of v1.8.2.
replace github.com/temporalio/cli/cliext => github.com/temporalio/cli/cliext v0.0.0-20260731000218-c579925f193f
