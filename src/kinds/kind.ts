/* What can be asked. A run is of one kind; one without a word about it is of contacts, as all were once. */

export type KindName = 'contacts' | 'emails';
