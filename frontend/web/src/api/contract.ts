import type { components } from './schema';

type Schemas = components['schemas'];

export type Attempt = Schemas['AttemptWire'];
export type Balances = Schemas['BalanceAnswer'];
export type BackgroundJob = Schemas['BackgroundJob'];
export type JobHealth = Schemas['JobHealth'];
export type Budget = Schemas['BudgetWire'];
export type BudgetBody = Schemas['BudgetBody'];
export type Budgets = Schemas['BudgetsAnswer'];
export type Cost = Schemas['CostAnswer'];
export type CostLine = Schemas['CostLineWire'];
export type CreateBody = Schemas['CreateBody'];
export type Health = Schemas['Health'];
export type Instance = Schemas['InstanceWire'];
export type InstanceState = Schemas['InstanceState'];
export type LogChunk = Schemas['LogWire'];
export type Offer = Schemas['OfferWire'];
export type Offers = Schemas['OffersAnswer'];
export type Operation = Schemas['OperationWire'];
export type Point = Schemas['PointWire'];
export type Problem = Schemas['Problem'];
export type Series = Schemas['SeriesAnswer'];
export type SessionAnswer = Schemas['SessionAnswer'];
export type Snapshot = Schemas['SnapshotWire'];
export type TimelineEvent = Schemas['TimelineWire'];
export type User = Schemas['UserAnswer'];
export type Warning = Schemas['WarningWire'];
