// `atob` and `btoa`.
(function (host, interfaces) {
  'use strict';

  const { needArguments, toText, webError } = interfaces;
  const { toBase64, fromBase64 } = host;

  const whole = (result, message) => {
    if (result === null) {
      throw webError('InvalidCharacterError', 5, message);
    }
    return result;
  };

  return {
    atob(data) {
      needArguments(arguments, 1);
      return whole(fromBase64(toText(data)), 'The string is not base64');
    },
    btoa(data) {
      needArguments(arguments, 1);
      return whole(toBase64(toText(data)), 'The string has characters beyond U+00FF');
    },
  };
})
