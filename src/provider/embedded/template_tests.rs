use super::Template;
use crate::chat::{Message, Role};

const CHATML: &str = "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are helpful<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// Gemma's: no system role, strict turns, `model` for `assistant`, Python's strip.
const GEMMA: &str = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}";

/// In the manner of Llama 3.1: a date, methods of strings, white space control.
const LLAMA: &str = "{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now(\"%d %b %Y\") %}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(system='') %}
{%- for message in messages %}
    {%- if message.role == 'system' %}
        {%- set ns.system = message.content.strip() %}
        {%- continue %}
    {%- endif %}
{%- endfor %}
{{- '<|start_header_id|>system<|end_header_id|>\\n\\nToday Date: ' + date_string + '\\n\\n' + ns.system.upper().split(' ')[0] + '<|eot_id|>' }}
{%- for message in messages if message.role != 'system' %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'].lstrip().rstrip() + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
";

fn template(source: &str) -> Template {
    Template::new(source, "<s>", "</s>").unwrap()
}

fn messages(turns: &[(Role, &str)]) -> Vec<Message> {
    turns.iter().map(|(role, text)| Message::new(*role, *text)).collect()
}

#[test]
fn a_trailing_assistant_message_is_left_open() {
    let text = template(CHATML)
        .render(&messages(&[
            (Role::System, "Rules"),
            (Role::User, "Write"),
            (Role::Assistant, "It was "),
        ]))
        .unwrap();
    assert_eq!(
        text,
        "<|im_start|>system\nRules<|im_end|>\n<|im_start|>user\nWrite<|im_end|>\n<|im_start|>assistant\nIt was "
    );
}

#[test]
fn a_rejected_system_role_moves_into_the_first_user_turn() {
    let text = template(GEMMA)
        .render(&messages(&[(Role::System, "Rules"), (Role::User, "Write"), (Role::User, "More")]))
        .unwrap();
    assert_eq!(
        text,
        "<s><start_of_turn>user\nRules\n\nWrite\n\nMore<end_of_turn>\n<start_of_turn>model\n"
    );
    assert!(template(GEMMA).opens_with_mark(&text));
}

#[test]
fn what_python_templates_take_for_granted_works_and_the_date_stands_still() {
    let text = template(LLAMA)
        .render(&messages(&[(Role::System, "  be brief "), (Role::User, " Hello \n")]))
        .unwrap();
    assert_eq!(
        text,
        "<s><|start_header_id|>system<|end_header_id|>\n\nToday Date: 26 Jul 2024\n\nBE<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
    );
}

#[test]
fn a_broken_template_is_named_by_line_and_a_hostile_one_ends() {
    let broken = Template::new("{% for x in %}", "", "").err().unwrap();
    assert!(broken.contains("line 1"), "{broken}");
    let nested = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{{ c }}{% endfor %}{% endfor %}{% endfor %}";
    assert!(Template::new(nested, "", "").is_err());
}
