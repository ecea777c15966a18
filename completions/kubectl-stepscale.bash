# Completion of kubectl-stepscale under its own name, for bash 3.2 and later. In ~/.bashrc:
#   source <(kubectl-stepscale completion bash)
# `kubectl stepscale` is completed by kubectl: `kubectl stepscale completion install`.

__kubectl_stepscale() {
    local program=${COMP_WORDS[0]/#\~/$HOME} current=$2 at word line prefix
    local words=() directive=0
    [[ $current == [=:]* ]] && current=
    # bash ends words at = and :, which are inside of words here: --output=json, arn:aws:eks.
    for ((at = 1; at <= COMP_CWORD; at++)); do
        word=${COMP_WORDS[at]}
        if ((at == COMP_CWORD)) && [[ $word != [=:]* ]]; then word=$current; fi
        if ((at > 1)) && [[ $word == [=:]* || ${COMP_WORDS[at - 1]} == *[=:] ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
    done
    # Of a word that bash has divided, only the last part is replaced.
    prefix=${words[${#words[@]} - 1]%"$current"}
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line =~ ^:[0-9]+$ ]]; then
            directive=${line#:}
        else
            line=${line%%$'\t'*}
            COMPREPLY+=("${line#"$prefix"}")
        fi
    done < <("$program" __complete "${words[@]}" 2>/dev/null)
    # bash 3.2 cannot change how it goes on; it then offers files where nothing else fits.
    if ((directive & 4)); then
        compopt +o default 2>/dev/null
    elif ((directive & 16)); then
        compopt +o default -o dirnames 2>/dev/null
    fi
    return 0
}

complete -o default -F __kubectl_stepscale kubectl-stepscale stepscale
