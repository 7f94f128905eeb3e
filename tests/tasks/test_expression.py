import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.specs.errors import InputError
from grokbench.tasks.expression import MAX_EXPONENT, parse
from grokbench.tasks.tree import (
    Binary,
    Choice,
    Comparison,
    Constant,
    Negative,
    Odd,
    Power,
    Value,
    Variable,
    to_text,
)

X, Y = Variable("x"), Variable("y")


def _deeper(value: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    condition = st.builds(Odd, value) | st.builds(
        Comparison, st.sampled_from(["==", "!=", "<", "<="]), value, value
    )
    return (
        st.builds(Negative, value)
        | st.builds(Binary, st.sampled_from("+-*/"), value, value)
        | st.builds(Power, value, st.integers(-MAX_EXPONENT, MAX_EXPONENT))
        | st.builds(Choice, condition, value, value)
    )


LEAVES = st.builds(Constant, st.integers(0, 10**20)) | st.sampled_from([X, Y])
TREES: st.SearchStrategy[Value] = st.recursive(LEAVES, _deeper, max_leaves=12)


@given(TREES)
def test_the_text_of_a_tree_parses_to_the_tree(tree: Value) -> None:
    assert parse(to_text(tree)) == tree


@given(st.text(alphabet="xyodif else0123456789+-*/()<=!.,'\" ²\n", max_size=40))
def test_any_text_parses_or_is_refused_in_one_line(text: str) -> None:
    refusal = ""
    try:
        parse(text)
    except InputError as error:
        refusal = str(error)
    assert "\n" not in refusal


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x - y - 1", Binary("-", Binary("-", X, Y), Constant(1))),
        ("x / y * x", Binary("*", Binary("/", X, Y), X)),
        ("x + y * x", Binary("+", X, Binary("*", Y, X))),
        ("-x**2", Negative(Power(X, 2))),
        ("(-x)**2", Power(Negative(X), 2)),
        ("x**-1", Power(X, -1)),
        ("x**2**3", Power(X, 8)),
        ("(x**2)**3", Power(Power(X, 2), 3)),
        ("x**10**9", Power(X, 10**9)),
        ("x**(2 * 3 - 1)", Power(X, 5)),
        ("x**-10**18", Power(X, -(10**18))),
        ("x**(0 - 1)**(10**18)", Power(X, 1)),
        ("x**(-1)**(10**18 - 1)", Power(X, -1)),
        ("x**0**0", Power(X, 1)),
        ("2**10**9", Power(Constant(2), 10**9)),
        (
            "x if odd(y) else y if x == y else 0",
            Choice(Odd(Y), X, Choice(Comparison("==", X, Y), Y, Constant(0))),
        ),
        ("x + 1 if (x < y) else y", Choice(Comparison("<", X, Y), Binary("+", X, Constant(1)), Y)),
        ("((x))", X),
        ("\n x+y\t", Binary("+", X, Y)),
    ],
)
def test_precedence_is_pythons(text: str, tree: Value) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the operation is empty"),
        ("  ", "the operation is empty"),
        ("__import__('os')", "unknown name '__import__'"),
        ("__import__('os').system('true')", "unknown name '__import__'"),
        ("'os'", "unexpected \"'os'\""),
        ('"os"', "unexpected '\"os\"'"),
        ("x.real", "unexpected '.'"),
        ("x[0]", "unexpected '['"),
        ("z + y", "unknown name 'z'"),
        ("xy", "unknown name 'xy'"),
        ("abs(x)", "unknown name 'abs'"),
        ("lambda: x", "unknown name 'lambda'"),
        ("x(y)", "unexpected '('"),
        ("odd(x, y)", "unexpected ','"),
        ("odd x", "'odd' needs its argument in parentheses"),
        ("odd()", "unexpected ')'"),
        ("0.5 * x", "'0.5' is not an integer constant"),
        ("x + 1e3", "'1e3' is not an integer constant"),
        ("0x10 + x", "'0x10' is not an integer constant"),
        ("2x", "'2x' is not an integer constant"),
        ("x²", "unexpected '²'"),
        ("x // y", "unexpected '//'"),
        ("x % y", "unexpected '%'"),
        ("x = y", "unexpected '='"),
        ("x if x > y else y", "unexpected '>'"),
        ("x if x >= y else y", "unexpected '>='"),
        ("x if odd(x) and odd(y) else y", "unexpected 'and'"),
        ("x if not odd(x) else y", "unknown name 'not'"),
        ("+x", "unexpected '+'"),
        ("x +", "something is missing at the end"),
        ("x y", "unexpected 'y'"),
        ("(x + y", "a closing parenthesis ')' is missing at the end"),
        ("x + y)", "unexpected ')'"),
        ("()", "unexpected ')'"),
        ("x if odd(y)", "'if odd(y)' lacks its 'else'"),
        ("x if y else 0", "'y' after 'if' is not a condition"),
        ("x if x < y < 3 else y", "a second comparison '<' in a row is not allowed"),
        ("if x", "unexpected 'if'"),
        ("odd(x)", "the condition 'odd(x)' cannot be the operation"),
        ("x < y", "the condition 'x < y' cannot be the operation"),
        ("odd(x) + y", "the condition 'odd(x)' cannot be the left side of '+'"),
        ("x * (x == y)", "the condition 'x == y' cannot be the right side of '*'"),
        ("odd(odd(x))", "the condition 'odd(x)' cannot be the argument of odd(·)"),
        ("-odd(x)", "the condition 'odd(x)' cannot be the operand of '-'"),
        ("odd(x)**2", "the condition 'odd(x)' cannot be the base of '**'"),
        ("x if odd(x) else odd(y)", "the condition 'odd(y)' cannot be a branch of 'if'"),
        ("x**y", "the exponent must be an integer constant, not 'y'"),
        ("x**(1 + y)", "the exponent must be an integer constant, not 'y'"),
        ("x**(1 / 2)", "the exponent must be an integer constant, not '1 / 2'"),
        ("x**odd(y)", "the exponent must be an integer constant, not 'odd(y)'"),
        ("x**2**-1", "the exponent '2 ** -1' is not an integer"),
        ("x**10**19", "the exponent '10 ** 19' is beyond the limit of 10**18"),
        ("x**10**10**10", "the exponent '10 ** 10000000000' is beyond the limit of 10**18"),
        ("x**9**9**9", "the exponent '9 ** 387420489' is beyond the limit of 10**18"),
        ("x**9**9**9**9", "is beyond the limit of 10**18"),
        ("x**-(10**18 + 1)", "is beyond the limit of 10**18"),
        ("x**(10**18 * 10**18)", "is beyond the limit of 10**18"),
        ("x**" + "9" * 900, "is beyond the limit of 10**18"),
        ("x" * 1001, "the operation is 1001 characters long; the limit is 1000"),
        ("(" * 400 + "x" + ")" * 400, "the operation nests deeper than 30 levels"),
        ("-" * 900 + "x", "the operation nests deeper than 30 levels"),
        ("x**" + "2**" * 300 + "1", "the operation nests deeper than 30 levels"),
        ("odd(" * 200, "the operation nests deeper than 30 levels"),
        ("x if x<y else " * 60 + "x", "the operation nests deeper than 30 levels"),
        ("x" + "+x" * 499, "the operation chains or nests more than 100 steps"),
        ("(" * 30 + "x if x" + "+x" * 450 + " else y", "the operation nests deeper than 30 levels"),
        ("(" * 28 + "x if x" + "+x" * 450 + " else y", "the operation chains or nests more than 100 steps"),
        ("x**(1" + "+1" * 450 + ")", "the operation chains or nests more than 100 steps"),
    ],
)
def test_what_the_language_lacks_is_refused_by_name(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        parse(text)
