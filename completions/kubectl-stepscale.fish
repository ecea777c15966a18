# Completion of kubectl-stepscale under its own name, for fish 3.1 and later. In
# ~/.config/fish/completions/kubectl-stepscale.fish, or in config.fish:
#   kubectl-stepscale completion fish | source
# `kubectl stepscale` is completed by kubectl: `kubectl stepscale completion install`.

function __kubectl_stepscale
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l program (string replace --regex '^~' "$HOME" -- $words[1])
    set -e words[1]
    set -l directive 0
    set -l found 0
    for line in ($program __complete $words "$current" 2>/dev/null)
        if string match --quiet --regex '^:[0-9]+$' -- $line
            set directive (string sub --start 2 -- $line)
        else
            set found 1
            echo $line
        end
    end
    test $found = 1; and return
    if test (math "bitand($directive, 16)") != 0
        __fish_complete_directories $current
    else if test (math "bitand($directive, 4)") = 0
        __fish_complete_path $current
    end
end

for name in kubectl-stepscale stepscale
    complete --command $name --no-files --arguments '(__kubectl_stepscale)'
end
