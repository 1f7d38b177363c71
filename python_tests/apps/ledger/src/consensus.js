// What scripts learn of transactions.

const numberOf = ({ query }, name) => Number(query.match(new RegExp(`(?:^|&)${name}=([^&]*)`))[1]);

export function last() {
  return { body: ccf.consensus.getLastCommittedTxId() };
}

export function status(request) {
  const found = ccf.consensus.getStatusForTxId(numberOf(request, "view"), numberOf(request, "seqno"));
  return { body: { status: found } };
}

export function view(request) {
  return { body: ccf.consensus.getViewForSeqno(numberOf(request, "seqno")) };
}
