// What operators do while the app serves: a new version of it, and other limits.
#pragma once

#include "application.hpp"
#include "auth.hpp"
#include "built_ins.hpp"

// Who may be an operator.
enum class Operators { NOBODY, USERS, ANYONE };

// Adds the endpoints of operators, unless there are none. What is lent outlives the built-ins.
void add_operator_endpoints(BuiltIns& built_ins, Application& application, const Authenticator& authenticator,
                            Operators operators);
