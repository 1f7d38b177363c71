// lodash reads the clock while it is loaded, so no engine may keep its evaluated state: it is evaluated for each request.
import lodash from "lodash";

export function check(request) {
  const order = request.body.json();
  return { body: { name: lodash.toUpper(order.name), day: order.day.slice(0, 10) } };
}
