// Evaluates the expression that the request holds, and tells its value or what it throws.

async function outcome(text) {
  try {
    return { value: await (0, eval)(text) };
  } catch (error) {
    return { thrown: `${error.name}: ${error.message}` };
  }
}

export async function evaluate(request) {
  return { body: await outcome(request.body.text()) };
}
