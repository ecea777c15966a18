# Completion of kubectl-stepscale under its own name, for PowerShell 5.1 and later. In $PROFILE:
#   kubectl-stepscale completion powershell | Out-String | Invoke-Expression
# `kubectl stepscale` is completed by kubectl: `kubectl stepscale completion install`.

Register-ArgumentCompleter -Native -CommandName 'kubectl-stepscale', 'stepscale' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # What stands before the word under the cursor, the program first, without quotes.
    $words = @()
    foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        $words += if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
            $element.Value
        } else {
            $element.Extent.Text
        }
    }
    $program = $words[0]
    $arguments = @($words | Select-Object -Skip 1)
    # PowerShell before 7.3 drops empty arguments.
    $dropsEmpty = -not $PSNativeCommandArgumentPassing -or $PSNativeCommandArgumentPassing -eq 'Legacy'
    $arguments += if ($wordToComplete) { $wordToComplete } elseif ($dropsEmpty) { '""' } else { '' }

    & $program __complete @arguments 2>$null | ForEach-Object {
        # The last line tells how to go on; where nothing is printed, PowerShell offers files.
        if ($_ -notmatch '^:\d+$') {
            $value, $help = $_ -split "`t", 2
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
        }
    }
}
