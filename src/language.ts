/** The languages that people read: Dutch, and English for who asks for it. */
export type Language = 'nl' | 'en'
